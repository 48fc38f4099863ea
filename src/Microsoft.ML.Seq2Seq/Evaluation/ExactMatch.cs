namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>The share of rows whose output is one of the references, character by character.</summary>
internal sealed class ExactMatch : CorpusMetric
{
    /// <summary>Matches, rows.</summary>
    public override int Width => 2;

    public override void Measure(string hypothesis, IReadOnlyList<string> references, Span<double> statistics)
    {
        statistics[0] = references.Contains(hypothesis) ? 1 : 0;
        statistics[1] = 1;
    }

    public override double Score(ReadOnlySpan<double> sum) => sum[0] / sum[1];
}
