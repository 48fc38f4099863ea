using System.Globalization;
using Microsoft.ML.Seq2Seq.Evaluation;

namespace Microsoft.ML.Seq2Seq.Tests.Evaluation;

/// <summary>
/// Intervals and p-values equal sacreBLEU's within the error of either's random draws. Its numbers were made by
/// <c>PairedTest([("base", a), ("system", b)], {BLEU(), CHRF(), TER()}, [references], "ar", 10000, n_ar_confidence=2000)</c>
/// and <c>(…, "bs", 10000)</c> of sacreBLEU 2.6.0 with its default seed, on the rows of <see cref="Make"/>; on the command
/// line that is <c>sacrebleu references -i a b -m bleu chrf ter --paired-ar</c> and <c>--paired-bs</c>.
/// </summary>
[TestClass]
public sealed class SignificanceTests
{
    private const int Close = 0, Better = 1;

    [TestMethod]
    [DataRow(EvaluationMetric.Bleu, 43.766739, 43.7283, 3.3916)]
    [DataRow(EvaluationMetric.ChrF, 70.039538, 70.0227, 1.9279)]
    [DataRow(EvaluationMetric.Ter, 28.785047, 28.8152, 1.9800)]
    public void IntervalsEqualSacreBleus(EvaluationMetric metric, double score, double mean, double margin)
    {
        (string[][] references, string[] baseline, _) = Make();
        SystemScore estimate = Seq2SeqSignificance.Estimate(baseline, references, new() { Metric = metric, Resamples = 2000 });
        Assert.AreEqual(score, estimate.Score, 1e-5);
        Assert.AreEqual(mean, estimate.Mean, margin / 10);
        Assert.AreEqual(margin, estimate.Margin, margin / 10);
        Assert.IsTrue(estimate.Lower < score && score < estimate.Upper);
    }

    [TestMethod]
    [DataRow(EvaluationMetric.Bleu, Close, SignificanceTest.ApproximateRandomization, 46.998496, 0.18068)]
    [DataRow(EvaluationMetric.ChrF, Close, SignificanceTest.ApproximateRandomization, 71.953966, 0.14809)]
    [DataRow(EvaluationMetric.Ter, Close, SignificanceTest.ApproximateRandomization, 26.682243, 0.11759)]
    [DataRow(EvaluationMetric.Bleu, Better, SignificanceTest.ApproximateRandomization, 47.513451, 0.09789)]
    [DataRow(EvaluationMetric.ChrF, Better, SignificanceTest.ApproximateRandomization, 72.496680, 0.03520)]
    [DataRow(EvaluationMetric.Ter, Better, SignificanceTest.ApproximateRandomization, 25.841121, 0.01830)]
    [DataRow(EvaluationMetric.Bleu, Close, SignificanceTest.PairedBootstrap, 46.998496, 0.07929)]
    [DataRow(EvaluationMetric.ChrF, Close, SignificanceTest.PairedBootstrap, 71.953966, 0.06299)]
    [DataRow(EvaluationMetric.Ter, Close, SignificanceTest.PairedBootstrap, 26.682243, 0.05609)]
    [DataRow(EvaluationMetric.Bleu, Better, SignificanceTest.PairedBootstrap, 47.513451, 0.04490)]
    [DataRow(EvaluationMetric.ChrF, Better, SignificanceTest.PairedBootstrap, 72.496680, 0.01740)]
    [DataRow(EvaluationMetric.Ter, Better, SignificanceTest.PairedBootstrap, 25.841121, 0.01070)]
    public void PValuesEqualSacreBleus(EvaluationMetric metric, int system, SignificanceTest test, double score, double p)
    {
        (string[][] references, string[] baseline, string[][] systems) = Make();
        SystemComparison comparison = Seq2SeqSignificance.Compare(baseline, systems[system], references,
            new() { Metric = metric, Test = test, Trials = 10_000, Resamples = 10_000 });
        Assert.AreEqual(score, comparison.System.Score, 1e-5);
        // Four standard errors of the difference of two proportions of 10,000.
        Assert.AreEqual(p, comparison.PValue, 4 * Math.Sqrt(2 * p * (1 - p) / 10_000));
    }

    [TestMethod]
    public void TheSeedFixesTheResult()
    {
        (string[][] references, string[] baseline, string[][] systems) = Make();
        SystemComparison Compare(int seed)
            => Seq2SeqSignificance.Compare(baseline, systems[Close], references,
                new() { Seed = seed, Trials = 500, Resamples = 200 });

        Assert.AreEqual(Compare(-7), Compare(-7));
        Assert.AreNotEqual(Compare(-7).Baseline.Mean, Compare(8).Baseline.Mean);
    }

    [TestMethod]
    [DataRow(SignificanceTest.ApproximateRandomization)]
    [DataRow(SignificanceTest.PairedBootstrap)]
    public void ASystemDoesNotDifferFromItself(SignificanceTest test)
    {
        (string[][] references, string[] baseline, _) = Make();
        SystemComparison comparison = Seq2SeqSignificance.Compare(baseline, baseline, references,
            new() { Test = test, Trials = 100, Resamples = 100 });
        Assert.AreEqual(0, comparison.Difference);
        Assert.AreEqual(1, comparison.PValue);
    }

    [TestMethod]
    [DataRow(EvaluationMetric.ExactMatch, null, 0.25)]
    [DataRow(EvaluationMetric.ExactMatch, false, 0.0)]
    [DataRow(EvaluationMetric.Ter, null, 0.0)]
    [DataRow(EvaluationMetric.Ter, true, 0.25)]
    public void ThePValueIsThatOfAllSwapsIfTiesCount(EvaluationMetric metric, bool? countTies, double p)
    {
        // Of the 2³ ways to swap the three rows that differ, none is farther apart than 3 to 0, and two are as far.
        string[][] references = [["a"], ["b"], ["c"], ["d"]];
        SystemComparison comparison = Seq2SeqSignificance.Compare(["x", "x", "x", "d"], ["a", "b", "c", "d"], references,
            new() { Metric = metric, CountTies = countTies, Trials = 20_000 });
        Assert.AreEqual(p, comparison.PValue, 0.015);
    }

    [TestMethod]
    public void AComparisonPrintsScoresDifferenceAndPValue()
    {
        string[][] references = [["a"], ["b"]];
        SystemComparison comparison = Seq2SeqSignificance.Compare(["a", "x"], ["a", "b"], references,
            new() { Metric = EvaluationMetric.ExactMatch, Trials = 100, Resamples = 1 });
        Assert.AreEqual(0.5, comparison.Difference);
        Assert.StartsWith("ExactMatch on 2 rows\nbaseline  0.5 (μ = ", comparison.ToString());
        Assert.EndsWith("difference +0.5, p = 1 (ApproximateRandomization)", comparison.ToString());
    }

    [TestMethod]
    [DataRow(1e-5, "p < 0.0001 (")]
    [DataRow(0.0001, "p = 0.0001 (")]
    [DataRow(0.03456, "p = 0.0346 (")]
    public void ASmallPValueIsNotPrintedAsNone(double p, string expected)
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            var score = new SystemScore(1, 1, 1, 1);
            Assert.Contains(expected,
                new SystemComparison(EvaluationMetric.Bleu, score, score, p, SignificanceTest.PairedBootstrap, 9).ToString());
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [TestMethod]
    [DataRow(EvaluationMetric.ChrFPlusPlus)]
    [DataRow(EvaluationMetric.WordErrorRate)]
    [DataRow(EvaluationMetric.CharacterErrorRate)]
    [DataRow(EvaluationMetric.Rouge1)]
    [DataRow(EvaluationMetric.Rouge2)]
    [DataRow(EvaluationMetric.RougeL)]
    [DataRow(EvaluationMetric.ExactMatch)]
    public void EveryMetricIsTheOneThatEvaluateGives(EvaluationMetric metric)
    {
        (string[][] references, string[] baseline, _) = Make();
        var accumulator = new MetricAccumulator();
        for (int i = 0; i < baseline.Length; i++)
            accumulator.Add(baseline[i], references[i]);

        object? expected = typeof(Seq2SeqMetrics).GetProperty(metric.ToString())!.GetValue(accumulator.Compute());
        Assert.AreEqual(expected,
            Seq2SeqSignificance.Estimate(baseline, references, new() { Metric = metric, Resamples = 10 }).Score);
    }

    [TestMethod]
    public void RowsThatDoNotPairAreRefused()
    {
        ArgumentException none = Assert.ThrowsExactly<ArgumentException>(() => Seq2SeqSignificance.Estimate([], []));
        Assert.Contains("hypotheses has no rows", none.Message);
        ArgumentException uneven = Assert.ThrowsExactly<ArgumentException>(
            () => Seq2SeqSignificance.Compare(["a"], ["a", "b"], [["a"]]));
        Assert.AreEqual("system", uneven.ParamName);
        Assert.Contains("system has 2 rows and references 1", uneven.Message);
    }

    [TestMethod]
    public void NullRowsAreEmpty()
    {
        SystemScore score = Seq2SeqSignificance.Estimate([null, "a"], [[null], ["a", null]],
            new() { Metric = EvaluationMetric.ExactMatch, Resamples = 5 });
        Assert.AreEqual(1, score.Score);
    }

    /// <summary>200 references of 5 to 16 words, and systems that replace 30, 29 and 27 % of the words at random.</summary>
    private static (string[][] References, string[] Baseline, string[][] Systems) Make()
    {
        string[] words = ("river stone bridge lantern harbour market morning silver window garden "
            + "winter letter copper island shadow mountain orchard thunder velvet meadow").Split(' ');
        int[] replaced = [30, 29, 27];
        long state = 2026;
        int Next(int bound)
        {
            state = ((state * 1103515245) + 12345) % 2147483648;
            return (int)((state >> 8) % bound);
        }

        string[][] references = new string[200][];
        string[][] systems = [new string[200], new string[200], new string[200]];
        for (int row = 0; row < 200; row++)
        {
            string[] reference = new string[5 + Next(12)];
            for (int i = 0; i < reference.Length; i++)
                reference[i] = words[Next(20)];
            references[row] = [string.Join(' ', reference)];
            for (int s = 0; s < systems.Length; s++)
                systems[s][row] = string.Join(' ', reference.Select(word => Next(100) < replaced[s] ? words[Next(20)] : word));
        }

        return (references, systems[0], systems[1..]);
    }
}
