namespace Microsoft.ML.Seq2Seq;

/// <summary>How good the predictions of scored data are, and where they are not.</summary>
public sealed record PredictionStatistics
{
    /// <summary>Rows with a label, which the figures are of.</summary>
    public required long Rows { get; init; }

    /// <summary>BLEU, 0 to 100, as <see cref="Seq2SeqMetrics.Bleu"/>.</summary>
    public required double Bleu { get; init; }

    /// <summary>chrF2, 0 to 100, as <see cref="Seq2SeqMetrics.ChrF"/>.</summary>
    public required double ChrF { get; init; }

    /// <summary>Share of predictions that are the label, 0 to 1.</summary>
    public required double ExactMatch { get; init; }

    /// <summary>Characters predicted for each character of the labels: below 1 the model says too little.</summary>
    public required double LengthRatio { get; init; }

    /// <summary>Correlation (Pearson) of the model's <c>Score</c> with the rows' chrF, -1 to 1; NaN without scores. Where it is
    /// high, a threshold on <c>Score</c> tells good predictions from bad ones.</summary>
    public required double ScoreCorrelation { get; init; }

    /// <summary>The same by length of the source: up to six groups of about as many rows.</summary>
    public required IReadOnlyList<LengthGroup> ByLength { get; init; }

    /// <summary>The rows of lowest chrF, worst first; each row's note is its chrF.</summary>
    public required IReadOnlyList<ExampleRow> WorstRows { get; init; }
}

/// <summary>Predictions for sources of like length.</summary>
/// <param name="From">Characters of the shortest source.</param>
/// <param name="To">Characters of the longest.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Bleu">Their BLEU, 0 to 100.</param>
/// <param name="ChrF">Their chrF2, 0 to 100.</param>
/// <param name="ExactMatch">Share of predictions that are the label, 0 to 1.</param>
/// <param name="MeanScore">Average of the model's <c>Score</c>; NaN without scores.</param>
public sealed record LengthGroup(int From, int To, long Rows, double Bleu, double ChrF, double ExactMatch, double MeanScore);
