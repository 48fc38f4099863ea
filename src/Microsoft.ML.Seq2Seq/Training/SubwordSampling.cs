using Microsoft.ML.Seq2Seq.Batching;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Training rows that are cut into other subwords in every epoch (BPE-dropout, Provilkov et al. 2020), when their
/// turn comes. Batches are planned by the usual subwords, whose lengths are known; a sampled row is a little longer.</summary>
/// <param name="Dropout">Probability that a merge is left out.</param>
/// <param name="Encode">A row in an epoch; the same for the same epoch, so that a resumed run reads what it read
/// before.</param>
internal sealed record SubwordSampling(double Dropout, Func<int, int, (int[] Source, int[] Target)> Encode)
{
    /// <summary>The rows of some batches as they are in an epoch, and the batches among these.</summary>
    public (EncodedPairs Rows, int[][] Batches) Sample(int epoch, int[][] batches)
    {
        var rows = new EncodedPairs();
        int[][] places = [.. batches.Select(batch => batch.Select(row =>
        {
            var (source, target) = Encode(epoch, row);
            rows.Add(source, target);
            return rows.Count - 1;
        }).ToArray())];
        return (rows, places);
    }
}
