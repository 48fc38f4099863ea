using Microsoft.ML.Seq2Seq.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class ValidatorTests
{
    private static readonly (string Source, string Target)[] _rows =
        [.. Toy.Rows(1300, seed: 8).Select((row, i) => (row.Source!, i < 700 ? row.Target! : "wrong"))];

    [TestMethod]
    public void TheScoreIsThatOfAllRows()
    {
        int asked = 0;
        double? score = Score(() => asked++ < 0);

        string[] predicted = [.. Toy.Model.Generate(_rows.Select(row => row.Source), new DecodingOptions { Strategy = DecodingStrategy.Greedy }).Select(g => g.Text)];
        Assert.AreEqual((double)predicted.Zip(_rows, (text, row) => text == row.Target).Count(right => right) / _rows.Length, score!.Value, 1e-9);
        Assert.IsGreaterThan(1, asked);
    }

    [TestMethod]
    public void CancelingIsHeardBetweenRows()
    {
        int asked = 0;
        Assert.IsNull(Score(() => ++asked == 2));
        Assert.AreEqual(2, asked);
    }

    private static double? Score(Func<bool> isCanceled) =>
        new Validator(Toy.Model.Generator, _rows, new DecodingOptions(), isCanceled).Scorer(ValidationMetric.ExactMatch)!();
}
