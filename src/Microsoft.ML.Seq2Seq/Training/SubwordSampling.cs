using Microsoft.ML.Seq2Seq.Batching;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Training rows that are cut into other subwords in every epoch (BPE-dropout, Provilkov et al. 2020).</summary>
/// <param name="Dropout">Probability that a merge is left out.</param>
/// <param name="Encode">A row in an epoch; the same for the same epoch, so that a resumed run reads what it read before.
/// May run for several rows at once.</param>
internal sealed record SubwordSampling(double Dropout, Func<int, int, (int[] Source, int[] Target)> Encode)
{
    /// <summary>Tokens, as planned, that are cut at a time: enough for each row to find others of its new length, few enough for
    /// the memory.</summary>
    private const int TokensAtOnce = 1 << 18;

    private const int LeastBatchesAtOnce = 16; // where a batch has many tokens

    /// <summary>The batches of an epoch, and the rows that they number. Rows of one length differ by a third once they are cut
    /// anew: they are batched by what they have become.</summary>
    /// <param name="planned">Batches of the rows as they were, in their order in this epoch.</param>
    /// <param name="tokensPerBatch">See <see cref="BatchPlanner"/>.</param>
    /// <param name="seed">Fixes the order.</param>
    /// <param name="threads">That cut rows.</param>
    public IEnumerable<(EncodedPairs Rows, IEnumerable<int[]> Batches)> Batches(
        int epoch, IEnumerable<int[]> planned, int tokensPerBatch, int seed, int threads)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
        foreach (int[][] batches in planned.Chunk(Math.Max(LeastBatchesAtOnce, TokensAtOnce / tokensPerBatch)))
        {
            int[] rows = [.. batches.SelectMany(batch => batch)];
            var cut = new (int[] Source, int[] Target)[rows.Length];
            Parallel.For(0, rows.Length, parallel, i => cut[i] = Encode(epoch, rows[i]));
            var pairs = new EncodedPairs(int.MaxValue, int.MaxValue, directory: "", memoryLimit: int.MaxValue); // never on disk
            foreach (var (source, target) in cut)
                pairs.Add(source, target);
            yield return (pairs, new BatchPlanner(pairs, tokensPerBatch).Shuffled(seed, epoch));
        }
    }
}
