namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>A metric of a corpus: a few numbers for each row, and a score that is a function of their sum over any rows.
/// An instance keeps scratch memory for the row at hand and belongs to one thread.</summary>
internal abstract class CorpusMetric
{
    /// <summary>How many numbers a row has.</summary>
    public abstract int Width { get; }

    /// <summary>Writes the row's numbers.</summary>
    /// <param name="references">At least one.</param>
    /// <param name="statistics">(Width)</param>
    public abstract void Measure(string hypothesis, IReadOnlyList<string> references, Span<double> statistics);

    /// <summary>The score of the rows whose numbers add up to <paramref name="sum"/>.</summary>
    public abstract double Score(ReadOnlySpan<double> sum);

    public static CorpusMetric Create(EvaluationMetric metric, EvaluationOptions options) => metric switch
    {
        EvaluationMetric.Bleu => new Bleu(options),
        EvaluationMetric.ChrF => new ChrF(options, wordOrder: 0),
        EvaluationMetric.ChrFPlusPlus => new ChrF(options, wordOrder: 2),
        EvaluationMetric.Ter => new Ter(options),
        EvaluationMetric.WordErrorRate => new ErrorRate(words: true),
        EvaluationMetric.CharacterErrorRate => new ErrorRate(words: false),
        EvaluationMetric.ExactMatch => new ExactMatch(),
        EvaluationMetric.Rouge1 => new Rouge(RougeKind.Words),
        EvaluationMetric.Rouge2 => new Rouge(RougeKind.Pairs),
        _ => new Rouge(RougeKind.Subsequence),
    };
}
