using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Says which rows are right. Not for use by two threads at once.</summary>
/// <param name="chrFThreshold">The least chrF of the row; null asks for an exact match.</param>
internal sealed class RowJudge(double? chrFThreshold)
{
    private readonly ChrF _chrF = new(new EvaluationOptions(), wordOrder: 0);

    public static void Validate(string option, double? chrFThreshold) =>
        OptionCheck.That(chrFThreshold is null or (> 0 and <= 100), option, chrFThreshold, "more than 0 and at most 100, or null");

    /// <param name="text">What was written.</param>
    /// <param name="references">At least one; any of them will do.</param>
    public bool IsRight(string text, IReadOnlyList<string> references)
    {
        if (chrFThreshold is not { } threshold)
            return references.Contains(text);
        Span<double> row = stackalloc double[_chrF.Width];
        _chrF.Measure(text, references, row);
        return _chrF.Score(row) >= threshold;
    }
}
