namespace Microsoft.ML.Seq2Seq.Tests.Evaluation;

[TestClass]
public sealed class EvaluationOptionsTests
{
    [TestMethod]
    public void DefaultsAreValid()
    {
        new EvaluationOptions().Validate();
        new SignificanceOptions().Validate();
    }

    public static IEnumerable<(string Option, string Value, Action Validate)> BadOptions =>
    [
        ("MaxNgram", "0", new EvaluationOptions { MaxNgram = 0 }.Validate),
        ("MaxNgram", "17", new EvaluationOptions { MaxNgram = 17 }.Validate),
        ("SmoothingValue", "-0.5", new EvaluationOptions { SmoothingValue = -0.5 }.Validate),
        ("SmoothingValue", "NaN", new EvaluationOptions { SmoothingValue = double.NaN }.Validate),
        ("Smoothing", "9", new EvaluationOptions { Smoothing = (BleuSmoothing)9 }.Validate),
        ("BleuTokenizer", "-1", new EvaluationOptions { BleuTokenizer = (BleuTokenizer)(-1) }.Validate),
        ("Metric", "99", new SignificanceOptions { Metric = (EvaluationMetric)99 }.Validate),
        ("Test", "5", new SignificanceOptions { Test = (SignificanceTest)5 }.Validate),
        ("Trials", "0", new SignificanceOptions { Trials = 0 }.Validate),
        ("Resamples", "-3", new SignificanceOptions { Resamples = -3 }.Validate),
        ("MaxNgram", "0", new SignificanceOptions { Evaluation = new() { MaxNgram = 0 } }.Validate),
    ];

    [TestMethod]
    [DynamicData(nameof(BadOptions))]
    public void ABadOptionIsNamedWithItsValue(string option, string value, Action validate)
    {
        ArgumentOutOfRangeException error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(validate);
        Assert.AreEqual(option, error.ParamName);
        Assert.Contains($"{option} is {value}; allowed: ", error.Message);
    }
}
