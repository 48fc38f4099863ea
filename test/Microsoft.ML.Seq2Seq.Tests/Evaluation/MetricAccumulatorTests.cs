using System.Globalization;
using Microsoft.ML.Seq2Seq.Evaluation;

namespace Microsoft.ML.Seq2Seq.Tests.Evaluation;

[TestClass]
public sealed class MetricAccumulatorTests
{
    [TestMethod]
    public void NullsAndLoneSurrogatesAreMeasuredAsText()
    {
        var accumulator = new MetricAccumulator(new() { Lowercase = true, BleuTokenizer = BleuTokenizer.Intl });
        accumulator.Add(null, [null]);
        accumulator.Add(null, []);
        accumulator.Add(null, null);
        accumulator.Add("\ud83d x \ude00\ude00 \ud83d", ["\ud83d x \ude00\ude00 \ud83d", null]);
        accumulator.Add("\u03a3\ud83d \ud83d\u03a3 \u0130", ["\ude00\u03a3"]);
        accumulator.Add("\0\u0001\ufeff\uffff", [" \u2028\u0085 "]);

        Seq2SeqMetrics metrics = accumulator.Compute();
        Assert.AreEqual(6, metrics.Rows);
        Assert.AreEqual(4 / 6.0, metrics.ExactMatch, 1e-12);
        Assert.IsTrue(double.IsFinite(metrics.Bleu + metrics.ChrF + metrics.ChrFPlusPlus + metrics.Ter + metrics.WordErrorRate
            + metrics.CharacterErrorRate + metrics.Rouge1 + metrics.Rouge2 + metrics.RougeL));
        Assert.Contains("nrefs:1|", metrics.BleuSignature);
    }

    [TestMethod]
    [DataRow(BleuTokenizer.Tok13a)]
    [DataRow(BleuTokenizer.None)]
    [DataRow(BleuTokenizer.Intl)]
    [DataRow(BleuTokenizer.Char)]
    [DataRow(BleuTokenizer.Zh)]
    public void ALoneSurrogateIsACharacterOfItsOwn(BleuTokenizer tokenizer)
    {
        var accumulator = new MetricAccumulator(new() { BleuTokenizer = tokenizer });
        accumulator.Add("a \ud83d b \ude00 c d", ["a \ud83d b \ude00 c d"]);
        Assert.AreEqual(100, accumulator.Compute().Bleu, 1e-9);
    }

    [TestMethod]
    public void WithoutRowsThereIsNoScore()
    {
        Seq2SeqMetrics metrics = new MetricAccumulator().Compute();
        Assert.AreEqual(0, metrics.Rows);
        double[] scores =
        [
            metrics.Bleu, metrics.ChrF, metrics.ChrFPlusPlus, metrics.Ter, metrics.WordErrorRate, metrics.CharacterErrorRate,
            metrics.ExactMatch, metrics.Rouge1, metrics.Rouge2, metrics.RougeL, metrics.Perplexity, metrics.TokenAccuracy,
        ];
        foreach (double score in scores)
            Assert.IsTrue(double.IsNaN(score));
    }

    [TestMethod]
    public void TheModelsScoreGivesPerplexityAndTokenAccuracy()
    {
        var accumulator = new MetricAccumulator();
        accumulator.Add("a", ["a"]);
        Assert.IsTrue(double.IsNaN(accumulator.Compute().Perplexity));

        accumulator.AddModelScore(3 * Math.Log(0.5), 3, 2);
        accumulator.AddModelScore(Math.Log(0.25), 1, 0);
        Seq2SeqMetrics metrics = accumulator.Compute();
        Assert.AreEqual(Math.Pow(32, 1 / 4.0), metrics.Perplexity, 1e-12);
        Assert.AreEqual(0.5, metrics.TokenAccuracy);
    }

    [TestMethod]
    public void AVeryLongRowLeavesLaterRowsUntouched()
    {
        string lengthy = string.Join(' ', Enumerable.Range(0, 10_000).Select(i => $"word{i * 7919 % 3001}"));
        var alone = new MetricAccumulator();
        alone.Add("a b c d", ["a c b d"]);
        var metric = new ChrF(new EvaluationOptions(), wordOrder: 2);
        double[] before = new double[metric.Width];
        double[] after = new double[metric.Width];
        metric.Measure("a b c d", ["a c b d"], before);
        metric.Measure(lengthy, [lengthy[..40_000], lengthy], after);
        Assert.AreEqual(100, metric.Score(after), 1e-9);
        metric.Measure("a b c d", ["a c b d"], after);
        CollectionAssert.AreEqual(before, after);

        var accumulator = new MetricAccumulator();
        accumulator.Add(lengthy, [string.Join(' ', lengthy.Split(' ').Skip(3000))]);
        Seq2SeqMetrics metrics = accumulator.Compute();
        Assert.AreEqual(3000 / 7000.0, metrics.WordErrorRate, 1e-9);
        Assert.AreEqual(2 * 7000 / 17_000.0, metrics.RougeL, 1e-9);
    }

    [TestMethod]
    public void TheOptionsAreCopied()
    {
        var options = new EvaluationOptions { MaxNgram = 2 };
        var accumulator = new MetricAccumulator(options);
        options.MaxNgram = 4;
        accumulator.Add("a b", ["a b"]);
        Assert.AreEqual(100, accumulator.Compute().Bleu, 1e-9);
    }

    [TestMethod]
    public void ToStringIsATableInEveryCulture()
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            var accumulator = new MetricAccumulator();
            accumulator.Add("a b c d e", ["a b c d e"]);
            string table = accumulator.Compute().ToString();
            Assert.Contains("BLEU                  100.00   100.0/100.0/100.0/100.0 (BP 1.000, 5 tokens, reference 5)", table);
            Assert.Contains("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:", table);
            Assert.DoesNotContain("Perplexity", table);

            accumulator.AddModelScore(-1, 2, 1);
            Assert.Contains("Token accuracy        0.5000", accumulator.Compute().ToString());
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [TestMethod]
    [DataRow("ΟΔΥΣΣΕΥΣ", "οδυσσευς")]
    [DataRow("Σ ΑΣ. ΑΣ'Α ΣΑ Α\u0301Σ", "σ ας. ασ'α σα α\u0301ς")]
    [DataRow("İI", "i\u0307i")]
    [DataRow("ẞÄ𐐀", "ßä𐐨")]
    public void LowerCaseIsUnicodes(string text, string expected) => Assert.AreEqual(expected, Text.Lower(text));
}
