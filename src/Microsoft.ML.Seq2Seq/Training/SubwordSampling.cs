using Microsoft.ML.Seq2Seq.Batching;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Training rows that are cut into other subwords in every epoch (BPE-dropout, Provilkov et al. 2020).</summary>
/// <param name="Dropout">Probability that a merge is left out.</param>
/// <param name="Encode">A row in an epoch; the same for the same epoch, so that a resumed run reads what it read before.
/// May run for several rows at once.</param>
internal sealed record SubwordSampling(double Dropout, Func<int, int, (int[] Source, int[] Target)> Encode)
{
    /// <summary>Tokens, as planned, that are cut at a time: enough for each row to find others of its new length, few enough for
    /// the memory, unless an update has more.</summary>
    private const int TokensAtOnce = 1 << 18;

    private const int LeastBatchesAtOnce = 16; // where a batch has many tokens

    /// <summary>The updates of an epoch: their batches, and the rows that these number. Rows of one length differ by a third once
    /// they are cut anew: they are batched by what they have become.</summary>
    /// <param name="epoch">Rows are cut otherwise in each.</param>
    /// <param name="planned">Batches of the rows as they were, in their order in this epoch.</param>
    /// <param name="options">Tokens of a batch, batches of an update, threads that cut rows.</param>
    /// <param name="seed">Fixes the order.</param>
    public IEnumerable<(EncodedPairs Rows, int[][] Update)> Updates(int epoch, IEnumerable<int[]> planned, TrainingOptions options, int seed)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Threads ?? Environment.ProcessorCount };
        int together = options.GradientAccumulation;
        int[] rest = []; // rows of batches that fill no update: they wait for those of the next part
        foreach (int[][] part in planned.Chunk(Math.Max(Math.Max(LeastBatchesAtOnce, together), TokensAtOnce / options.TokensPerBatch)))
        {
            int[] rows = [.. rest, .. part.SelectMany(batch => batch)];
            var (pairs, batches) = Cut(rows);
            int whole = batches.Length / together * together;
            foreach (int[][] update in batches[..whole].Chunk(together))
                yield return (pairs, update);
            rest = [.. batches[whole..].SelectMany(batch => batch).Select(i => rows[i])];
        }
        if (rest.Length == 0)
            yield break;
        var (last, left) = Cut(rest);
        foreach (int[][] update in left.Chunk(together))
            yield return (last, update);

        (EncodedPairs Pairs, int[][] Batches) Cut(int[] rows)
        {
            var cut = new (int[] Source, int[] Target)[rows.Length];
            Parallel.For(0, rows.Length, parallel, i => cut[i] = Encode(epoch, rows[i]));
            var pairs = new EncodedPairs(int.MaxValue, int.MaxValue, directory: "", memoryLimit: int.MaxValue); // never on disk
            foreach (var (source, target) in cut)
                pairs.Add(source, target);
            return (pairs, [.. new BatchPlanner(pairs, options.TokensPerBatch).Shuffled(seed, epoch)]);
        }
    }
}
