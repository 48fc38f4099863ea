using System.Globalization;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>BLEU (Papineni et al. 2002) as sacreBLEU (Post 2018) computes it.</summary>
internal sealed class Bleu : CorpusMetric
{
    /// <summary>The release of sacreBLEU whose scores these equal; it ends the signature.</summary>
    public const string SacreBleuVersion = "2.6.0";

    private readonly EvaluationOptions _options;
    private readonly int _order;
    private readonly BleuWords _words;
    private readonly NgramMatcher _ngrams;
    private readonly List<int> _hypothesis = [];
    private readonly List<int> _reference = [];

    public Bleu(EvaluationOptions options)
    {
        _options = options;
        _order = options.MaxNgram;
        _words = new BleuWords(options.BleuTokenizer, options.Lowercase);
        _ngrams = new NgramMatcher(_order);
    }

    /// <summary>Length of the output, length of the reference, matches for each order, n-grams of the output for each
    /// order.</summary>
    public override int Width => 2 + (2 * _order);

    public override void Measure(string hypothesis, IReadOnlyList<string> references, Span<double> statistics)
    {
        statistics.Clear();
        _words.Clear();
        _words.Split(hypothesis, _hypothesis);
        _ngrams.Start(_hypothesis.Span());

        int length = _hypothesis.Count;
        int closest = int.MaxValue;
        foreach (string reference in references)
        {
            _words.Split(reference, _reference);
            _ngrams.Match(_reference.Span(), statistics.Slice(2, _order));

            int difference = Math.Abs(_reference.Count - length);
            int least = Math.Abs(closest - length);
            if (difference < least || (difference == least && _reference.Count < closest))
                closest = _reference.Count;
        }

        statistics[0] = length;
        statistics[1] = closest;
        for (int n = 1; n <= _order; n++)
            statistics[1 + _order + n] = NgramMatcher.Total(length, n);
    }

    public override double Score(ReadOnlySpan<double> sum) => Summarize(sum).Score;

    /// <summary>The score and what it is made of.</summary>
    public BleuSummary Summarize(ReadOnlySpan<double> sum)
    {
        double length = sum[0];
        double referenceLength = sum[1];
        ReadOnlySpan<double> matches = sum.Slice(2, _order);
        ReadOnlySpan<double> totals = sum[(2 + _order)..];

        double brevity = length >= referenceLength ? 1 : length > 0 ? Math.Exp(1 - (referenceLength / length)) : 0;
        double[] precisions = new double[_order];
        double score = 0;
        if (matches.ContainsAnyExcept(0.0))
        {
            double halved = 1;
            int orders = _order;
            for (int n = 0; n < _order; n++)
            {
                double added = _options.Smoothing == BleuSmoothing.AddK && n > 0 ? SmoothingValue : 0;
                double total = totals[n] + added;
                if (total == 0)
                    break;
                if (_options.EffectiveOrder)
                    orders = n + 1;

                double matched = matches[n] + added;
                if (matched == 0)
                {
                    matched = _options.Smoothing switch
                    {
                        BleuSmoothing.Exp => 1 / (halved *= 2),
                        BleuSmoothing.Floor => SmoothingValue,
                        _ => 0,
                    };
                }

                precisions[n] = 100 * matched / total;
            }

            double logarithms = 0;
            for (int n = 0; n < orders; n++)
                logarithms += Math.Log(precisions[n]);   // an order without a match makes the score 0
            score = brevity * Math.Exp(logarithms / orders);
        }

        return new BleuSummary(score, precisions, brevity, (long)length, (long)referenceLength);
    }

    /// <summary>What was counted, in sacreBLEU's form.</summary>
    /// <param name="references">References a row; null where rows differ.</param>
    public string Signature(int? references)
    {
        string tokenizer = _options.BleuTokenizer switch
        {
            BleuTokenizer.Tok13a => "13a",
            BleuTokenizer.None => "none",
            BleuTokenizer.Intl => "intl",
            BleuTokenizer.Char => "char",
            _ => "zh",
        };
        string smoothing = _options.Smoothing switch
        {
            BleuSmoothing.None => "none",
            BleuSmoothing.Floor => string.Create(CultureInfo.InvariantCulture, $"floor[{SmoothingValue:F2}]"),
            BleuSmoothing.AddK => string.Create(CultureInfo.InvariantCulture, $"add-k[{SmoothingValue:F2}]"),
            _ => "exp",
        };
        // sacreBLEU leaves the order out; a score of another order is no BLEU to compare with others.
        string order = _order == 4 ? "" : string.Create(CultureInfo.InvariantCulture, $"|order:{_order}");
        return string.Create(CultureInfo.InvariantCulture, $"nrefs:{references?.ToString(CultureInfo.InvariantCulture) ?? "var"}")
            + $"|case:{(_options.Lowercase ? "lc" : "mixed")}|eff:{(_options.EffectiveOrder ? "yes" : "no")}"
            + $"|tok:{tokenizer}|smooth:{smoothing}{order}|version:{SacreBleuVersion}";
    }

    private double SmoothingValue => _options.SmoothingValue ?? (_options.Smoothing == BleuSmoothing.Floor ? 0.1 : 1);
}

/// <param name="Precisions">0 to 100, an order each.</param>
internal sealed record BleuSummary(
    double Score, IReadOnlyList<double> Precisions, double BrevityPenalty, long Length, long ReferenceLength);
