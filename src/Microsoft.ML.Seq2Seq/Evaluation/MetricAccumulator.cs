namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Adds up the statistics of rows, one at a time, so that data of any length is measured in the memory that its
/// longest row takes. Not for use by two threads at once.</summary>
internal sealed class MetricAccumulator
{
    private readonly Bleu _bleu;
    private readonly ChrF _chrF;
    private readonly ChrF _chrFPlusPlus;
    private readonly Ter _ter;
    private readonly ErrorRate _words = new(words: true);
    private readonly ErrorRate _characters = new(words: false);
    private readonly ExactMatch _exactMatch = new();
    private readonly Rouge _rouge1 = new(RougeKind.Words);
    private readonly Rouge _rouge2 = new(RougeKind.Pairs);
    private readonly Rouge _rougeL = new(RougeKind.Subsequence);
    private readonly (CorpusMetric Metric, double[] Sum)[] _sums;
    private readonly double[] _row;
    private long _rows;
    private int? _references;      // of every row so far; null once they differ
    private double _logLikelihood;
    private long _tokens;
    private long _correctTokens;

    public MetricAccumulator(EvaluationOptions? options = null)
    {
        options = (options ?? new EvaluationOptions()).Clone();
        options.Validate();
        _bleu = new Bleu(options);
        _chrF = new ChrF(options, wordOrder: 0);
        _chrFPlusPlus = new ChrF(options, wordOrder: 2);
        _ter = new Ter(options);
        CorpusMetric[] metrics =
            [_bleu, _chrF, _chrFPlusPlus, _ter, _words, _characters, _exactMatch, _rouge1, _rouge2, _rougeL];
        _sums = [.. metrics.Select(metric => (metric, new double[metric.Width]))];
        _row = new double[metrics.Max(metric => metric.Width)];
    }

    /// <summary>Adds a row. Null is an empty hypothesis, and no reference; a row without references has an empty one.</summary>
    public void Add(string? hypothesis, IReadOnlyList<string?>? references)
    {
        hypothesis ??= "";
        IReadOnlyList<string> given = References(references);
        _references = _rows == 0 || _references == given.Count ? given.Count : null;
        _rows++;
        foreach ((CorpusMetric metric, double[] sum) in _sums)
        {
            Span<double> row = _row.AsSpan(0, metric.Width);
            metric.Measure(hypothesis, given, row);
            for (int i = 0; i < row.Length; i++)
                sum[i] += row[i];
        }
    }

    /// <summary>Adds what a model says of references: their tokens' summed log-probability in nats, how many tokens, and
    /// how many of them it ranks first.</summary>
    public void AddModelScore(double logLikelihood, long tokens, long correctTokens)
    {
        _logLikelihood += logLikelihood;
        _tokens += tokens;
        _correctTokens += correctTokens;
    }

    /// <summary>The metrics of the rows so far.</summary>
    public Seq2SeqMetrics Compute()
    {
        BleuSummary bleu = _bleu.Summarize(Sum(_bleu));
        return new Seq2SeqMetrics
        {
            Rows = _rows,
            Bleu = Score(_bleu),
            BleuSignature = _bleu.Signature(_rows == 0 ? 0 : _references),
            BleuPrecisions = bleu.Precisions,
            BleuBrevityPenalty = bleu.BrevityPenalty,
            BleuSystemLength = bleu.Length,
            BleuReferenceLength = bleu.ReferenceLength,
            ChrF = Score(_chrF),
            ChrFPlusPlus = Score(_chrFPlusPlus),
            Ter = Score(_ter),
            WordErrorRate = Score(_words),
            CharacterErrorRate = Score(_characters),
            ExactMatch = Score(_exactMatch),
            Rouge1 = Score(_rouge1),
            Rouge2 = Score(_rouge2),
            RougeL = Score(_rougeL),
            Perplexity = _tokens > 0 ? Math.Exp(-_logLikelihood / _tokens) : double.NaN,
            TokenAccuracy = _tokens > 0 ? (double)_correctTokens / _tokens : double.NaN,
        };
    }

    /// <summary>The references that count: those that are not null, or an empty one.</summary>
    public static IReadOnlyList<string> References(IReadOnlyList<string?>? references)
    {
        references ??= [];
        bool complete = references.Count > 0;
        for (int i = 0; i < references.Count; i++)
            complete &= references[i] is not null;
        if (complete)
            return references!;
        string[] given = [.. references.OfType<string>()];
        return given.Length > 0 ? given : [""];
    }

    private double[] Sum(CorpusMetric metric) => Array.Find(_sums, pair => pair.Metric == metric).Sum;

    private double Score(CorpusMetric metric) => _rows > 0 ? metric.Score(Sum(metric)) : double.NaN;
}
