namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

[TestClass]
public sealed class DecodingOptionsTests
{
    public static IEnumerable<object[]> Wrong()
    {
        static object[] Case(string option, string value, Action<DecodingOptions> change) => [option, value, change];
        yield return Case("Strategy", "99", o => o.Strategy = (DecodingStrategy)99);
        yield return Case("BeamSize", "0", o => o.BeamSize = 0);
        yield return Case("BeamSize", "1025", o => o.BeamSize = 1025);
        yield return Case("BeamGroups", "0", o => o.BeamGroups = 0);
        yield return Case("BeamGroups", "3", o => o.BeamGroups = 3);
        yield return Case("DiversityPenalty", "-1", o => o.DiversityPenalty = -1);
        yield return Case("LengthPenalty", "-1", o => o.LengthPenalty = -1);
        yield return Case("LengthPenalty", "NaN", o => o.LengthPenalty = double.NaN);
        yield return Case("LengthPenaltyForm", "2", o => o.LengthPenaltyForm = (LengthPenaltyForm)2);
        yield return Case("NumberOfHypotheses", "0", o => o.NumberOfHypotheses = 0);
        yield return Case("NumberOfHypotheses", "5", o => o.NumberOfHypotheses = 5);
        yield return Case("NumberOfHypotheses", "2", o => (o.Strategy, o.NumberOfHypotheses) = (DecodingStrategy.Greedy, 2));
        yield return Case("MinLength", "-1", o => o.MinLength = -1);
        yield return Case("MinLength", "257", o => o.MinLength = 257);
        yield return Case("MaxLength", "0", o => o.MaxLength = 0);
        yield return Case("MaxLengthRatio", "-0.5", o => o.MaxLengthRatio = -0.5);
        yield return Case("CoveragePenalty", "-1", o => o.CoveragePenalty = -1);
        yield return Case("Patience", "0", o => o.Patience = 0);
        yield return Case("Patience", "NaN", o => o.Patience = double.NaN);
        yield return Case("Temperature", "0", o => o.Temperature = 0);
        yield return Case("TopK", "-1", o => o.TopK = -1);
        yield return Case("TopP", "0", o => o.TopP = 0);
        yield return Case("TopP", "1.1", o => o.TopP = 1.1);
        yield return Case("NumberOfHypotheses", "1025", o => (o.Strategy, o.NumberOfHypotheses) = (DecodingStrategy.Sampling, 1025));
        yield return Case("RepetitionPenalty", "0.9", o => o.RepetitionPenalty = 0.9);
        yield return Case("RepetitionPenalty", "Infinity", o => o.RepetitionPenalty = double.PositiveInfinity);
        yield return Case("NoRepeatNgramSize", "-1", o => o.NoRepeatNgramSize = -1);
        yield return Case("BannedPhrases", "\"\"", o => o.BannedPhrases = ["word", ""]);
        yield return Case("BannedPhrases", "\"a\uFFFD\"", o => o.BannedPhrases = ["a\uFFFD"]);
        yield return Case("BannedPhrases", "\"a\ud83d\"", o => o.BannedPhrases = ["a\ud83d"]);
        yield return Case("AllowedTargets", "\"a\ud83d\"", o => o.AllowedTargets = ["a\ud83d"]);
        yield return Case("BannedPhrases", "null", o => o.BannedPhrases = [null!]);
        yield return Case("AllowedTargets", "\"empty\"", o => o.AllowedTargets = []);
        yield return Case("AllowedTargets", "null", o => o.AllowedTargets = ["word", null!]);
        yield return Case("MinLength", "1", o => (o.AllowedTargets, o.MinLength) = (["word"], 1));
        yield return Case("NoRepeatNgramSize", "3", o => (o.AllowedTargets, o.NoRepeatNgramSize) = (["word"], 3));
        yield return Case("BannedPhrases", "1", o => (o.AllowedTargets, o.BannedPhrases) = (["word"], ["w"]));
        yield return Case("BatchTokens", "0", o => o.BatchTokens = 0);
        yield return Case("AlignmentLayer", "-1", o => o.AlignmentLayer = -1);
        yield return Case("AlignmentHead", "-1", o => o.AlignmentHead = -1);
        yield return Case("Precision", "9", o => o.Precision = (InferencePrecision)9);
    }

    [TestMethod]
    [DynamicData(nameof(Wrong))]
    public void AWrongOptionIsNamedWithItsValueAndWhatIsAllowed(string option, string value, Action<DecodingOptions> change)
    {
        var options = new DecodingOptions();
        options.Validate();
        change(options);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate);
        Assert.AreEqual(option, error.ParamName);
        StringAssert.StartsWith(error.Message, $"{option} is {value}; allowed: ");
    }

    [TestMethod]
    public void ACopyDoesNotFollowTheOriginal()
    {
        var options = new DecodingOptions { BannedPhrases = new List<string> { "a" }, AllowedTargets = new List<string> { "b" } };
        var copy = options.Clone();
        ((List<string>)options.BannedPhrases).Add("c");
        ((List<string>)options.AllowedTargets).Add("c");
        options.BeamSize = 9;
        Assert.HasCount(1, copy.BannedPhrases);
        Assert.HasCount(1, copy.AllowedTargets!);
        Assert.AreEqual(4, copy.BeamSize);
    }
}
