using Microsoft.ML.Seq2Seq.Evaluation;

namespace Microsoft.ML.Seq2Seq.Tests.Evaluation;

/// <summary>BLEU, chrF and TER equal sacreBLEU's to 1e-6.</summary>
[TestClass]
public sealed class SacreBleuTests
{
    private const double Tolerance = 1e-6;

    /// <summary>What <see cref="ScoredSet.Scores"/> lists, with sacreBLEU's constructor.</summary>
    internal static IReadOnlyList<(string Name, Func<CorpusMetric> Create)> Metrics { get; } =
    [
        Bleu("BLEU()", new()),
        Bleu("BLEU(lowercase=True)", new() { Lowercase = true }),
        Bleu("BLEU(tokenize='none')", new() { BleuTokenizer = BleuTokenizer.None }),
        Bleu("BLEU(tokenize='none', lowercase=True)", new() { BleuTokenizer = BleuTokenizer.None, Lowercase = true }),
        Bleu("BLEU(tokenize='intl')", new() { BleuTokenizer = BleuTokenizer.Intl }),
        Bleu("BLEU(tokenize='intl', lowercase=True)", new() { BleuTokenizer = BleuTokenizer.Intl, Lowercase = true }),
        Bleu("BLEU(tokenize='char')", new() { BleuTokenizer = BleuTokenizer.Char }),
        Bleu("BLEU(tokenize='char', lowercase=True)", new() { BleuTokenizer = BleuTokenizer.Char, Lowercase = true }),
        Bleu("BLEU(tokenize='zh')", new() { BleuTokenizer = BleuTokenizer.Zh }),
        Bleu("BLEU(tokenize='zh', lowercase=True)", new() { BleuTokenizer = BleuTokenizer.Zh, Lowercase = true }),
        Bleu("BLEU(smooth_method='none')", new() { Smoothing = BleuSmoothing.None }),
        Bleu("BLEU(smooth_method='floor')", new() { Smoothing = BleuSmoothing.Floor }),
        Bleu("BLEU(smooth_method='floor', smooth_value=0.5)", new() { Smoothing = BleuSmoothing.Floor, SmoothingValue = 0.5 }),
        Bleu("BLEU(smooth_method='add-k')", new() { Smoothing = BleuSmoothing.AddK }),
        Bleu("BLEU(smooth_method='add-k', smooth_value=2.5)", new() { Smoothing = BleuSmoothing.AddK, SmoothingValue = 2.5 }),
        Bleu("BLEU(effective_order=True)", new() { EffectiveOrder = true }),
        Bleu("BLEU(smooth_method='floor', effective_order=True)",
            new() { Smoothing = BleuSmoothing.Floor, EffectiveOrder = true }),
        Bleu("BLEU(max_ngram_order=2)", new() { MaxNgram = 2 }),
        Bleu("BLEU(max_ngram_order=6)", new() { MaxNgram = 6 }),
        ChrF("CHRF()", 0, new()),
        ChrF("CHRF(word_order=2)", 2, new()),
        ChrF("CHRF(lowercase=True)", 0, new() { Lowercase = true }),
        ChrF("CHRF(word_order=2, lowercase=True)", 2, new() { Lowercase = true }),
        ChrF("CHRF(whitespace=True)", 0, new() { ChrFWhitespace = true }),
        ChrF("CHRF(word_order=2, whitespace=True)", 2, new() { ChrFWhitespace = true }),
        ChrF("CHRF(eps_smoothing=True)", 0, new() { ChrFEpsilonSmoothing = true }),
        ChrF("CHRF(word_order=2, eps_smoothing=True)", 2, new() { ChrFEpsilonSmoothing = true }),
        Ter("TER()", new()),
        Ter("TER(case_sensitive=True)", new() { TerCaseSensitive = true }),
        Ter("TER(normalized=True)", new() { TerNormalize = true }),
        Ter("TER(normalized=True, asian_support=True)", new() { TerNormalize = true, TerAsian = true }),
        Ter("TER(no_punct=True)", new() { TerRemovePunctuation = true }),
        Ter("TER(no_punct=True, asian_support=True)", new() { TerRemovePunctuation = true, TerAsian = true }),
        Ter("TER(normalized=True, no_punct=True, asian_support=True)",
            new() { TerNormalize = true, TerRemovePunctuation = true, TerAsian = true }),
        Ter("TER(asian_support=True)",
            new() { TerAsian = true }),
        Ter("TER(normalized=True, no_punct=True)",
            new() { TerNormalize = true, TerRemovePunctuation = true }),
        Ter("TER(case_sensitive=True, asian_support=True)",
            new() { TerCaseSensitive = true, TerAsian = true }),
        Ter("TER(case_sensitive=True, no_punct=True)",
            new() { TerCaseSensitive = true, TerRemovePunctuation = true }),
        Ter("TER(case_sensitive=True, no_punct=True, asian_support=True)",
            new() { TerCaseSensitive = true, TerRemovePunctuation = true, TerAsian = true }),
        Ter("TER(case_sensitive=True, normalized=True)",
            new() { TerCaseSensitive = true, TerNormalize = true }),
        Ter("TER(case_sensitive=True, normalized=True, asian_support=True)",
            new() { TerCaseSensitive = true, TerNormalize = true, TerAsian = true }),
        Ter("TER(case_sensitive=True, normalized=True, no_punct=True)",
            new() { TerCaseSensitive = true, TerNormalize = true, TerRemovePunctuation = true }),
        Ter("TER(case_sensitive=True, normalized=True, no_punct=True, asian_support=True)",
            new() { TerCaseSensitive = true, TerNormalize = true, TerRemovePunctuation = true, TerAsian = true }),
    ];

    public static IEnumerable<string[]> SetNames => SacreBleuNumbers.Sets.Select(set => new[] { set.Name });

    [TestMethod]
    [DynamicData(nameof(SetNames))]
    public void CorpusScoresEqualSacreBleus(string name)
    {
        ScoredSet set = Find(name);
        Assert.HasCount(Metrics.Count, set.Scores);
        for (int i = 0; i < Metrics.Count; i++)
            Assert.AreEqual(set.Scores[i], Score(Metrics[i].Create(), set, 0, set.Rows.Length), Tolerance, Metrics[i].Name);
    }

    [TestMethod]
    [DynamicData(nameof(SetNames))]
    public void SentenceScoresEqualSacreBleus(string name)
    {
        ScoredSet set = Find(name);
        CorpusMetric[] metrics = [new Bleu(new() { EffectiveOrder = true }), new ChrF(new(), wordOrder: 2), new Ter(new())];
        for (int i = 0; i < metrics.Length; i++)
        {
            for (int row = 0; row < set.Rows.Length; row++)
            {
                Assert.AreEqual(set.Sentences[i][row], Score(metrics[i], set, row, row + 1), Tolerance,
                    $"{metrics[i]} of row {row}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(SetNames))]
    public void TheAccumulatorReportsBleusPartsAndSignature(string name)
    {
        ScoredSet set = Find(name);
        var accumulator = new MetricAccumulator();
        for (int row = 0; row < set.Rows.Length; row++)
            accumulator.Add(set.Hypothesis(row), set.References(row));

        Seq2SeqMetrics metrics = accumulator.Compute();
        double[] parts =
        [
            .. metrics.BleuPrecisions, metrics.BleuBrevityPenalty, metrics.BleuSystemLength, metrics.BleuReferenceLength,
        ];
        for (int i = 0; i < parts.Length; i++)
            Assert.AreEqual(set.Bleu[i], parts[i], Tolerance, $"part {i}");
        Assert.AreEqual(set.Signature, metrics.BleuSignature);
        Assert.AreEqual(set.Scores[0], metrics.Bleu, Tolerance);
        Assert.AreEqual(set.Scores[19], metrics.ChrF, Tolerance);
        Assert.AreEqual(set.Scores[20], metrics.ChrFPlusPlus, Tolerance);
        Assert.AreEqual(set.Scores[27], metrics.Ter, Tolerance);
        Assert.AreEqual(set.Rows.Length, metrics.Rows);
    }

    [TestMethod]
    [DataRow(BleuTokenizer.Tok13a, false, BleuSmoothing.Exp, null, false, 1,
        "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0")]
    [DataRow(BleuTokenizer.Intl, true, BleuSmoothing.None, null, true, 3,
        "nrefs:3|case:lc|eff:yes|tok:intl|smooth:none|version:2.6.0")]
    [DataRow(BleuTokenizer.Char, false, BleuSmoothing.Floor, null, false, null,
        "nrefs:var|case:mixed|eff:no|tok:char|smooth:floor[0.10]|version:2.6.0")]
    [DataRow(BleuTokenizer.Zh, false, BleuSmoothing.AddK, null, false, 1,
        "nrefs:1|case:mixed|eff:no|tok:zh|smooth:add-k[1.00]|version:2.6.0")]
    [DataRow(BleuTokenizer.None, false, BleuSmoothing.AddK, 2.5, false, 1,
        "nrefs:1|case:mixed|eff:no|tok:none|smooth:add-k[2.50]|version:2.6.0")]
    public void TheSignatureIsSacreBleus(
        BleuTokenizer tokenizer, bool lowercase, BleuSmoothing smoothing, double? value, bool effective, int? references,
        string expected)
    {
        var bleu = new Bleu(new()
        {
            BleuTokenizer = tokenizer,
            Lowercase = lowercase,
            Smoothing = smoothing,
            SmoothingValue = value,
            EffectiveOrder = effective,
        });
        Assert.AreEqual(expected, bleu.Signature(references));
    }

    [TestMethod]
    public void TheSignatureNamesAnOtherOrder()
        => Assert.AreEqual("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|order:2|version:2.6.0",
            new Bleu(new() { MaxNgram = 2 }).Signature(1));

    private static (string, Func<CorpusMetric>) Bleu(string name, EvaluationOptions options) => (name, () => new Bleu(options));

    private static (string, Func<CorpusMetric>) ChrF(string name, int words, EvaluationOptions options)
        => (name, () => new ChrF(options, words));

    private static (string, Func<CorpusMetric>) Ter(string name, EvaluationOptions options) => (name, () => new Ter(options));

    private static ScoredSet Find(string name) => SacreBleuNumbers.Sets.Single(set => set.Name == name);

    private static double Score(CorpusMetric metric, ScoredSet set, int first, int end)
    {
        double[] sum = new double[metric.Width];
        double[] row = new double[metric.Width];
        for (int i = first; i < end; i++)
        {
            metric.Measure(set.Hypothesis(i), MetricAccumulator.References(set.References(i)), row);
            RowStatistics.Add(sum, row);
        }

        return metric.Score(sum);
    }
}
