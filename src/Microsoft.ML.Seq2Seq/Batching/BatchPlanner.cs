using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Batching;

/// <summary>
/// Cuts pairs into batches of about equal cost. Pairs of like length share a batch, so that little of it is padding;
/// a batch holds as many rows as fit a budget of padded tokens, counted on its longer side. (Vaswani et al. 2017,
/// section 5.1: "sentence pairs were batched together by approximate sequence length".)
/// </summary>
internal sealed class BatchPlanner
{
    private readonly EncodedPairs _pairs;
    private readonly int _tokensPerBatch;

    public BatchPlanner(EncodedPairs pairs, int tokensPerBatch)
    {
        _pairs = pairs;
        _tokensPerBatch = tokensPerBatch;
    }

    /// <summary>
    /// The batches of one epoch, as row numbers. The order depends on <paramref name="seed"/> and
    /// <paramref name="epoch"/> alone, so that a resumed run finds its place again.
    /// </summary>
    public IReadOnlyList<int[]> Shuffled(int seed, int epoch)
    {
        var random = new SplitMix64(SplitMix64.Combine((ulong)seed, (ulong)epoch));
        int[] rows = Rows();
        // Shuffled first, then sorted stably: rows of the same lengths meet other neighbours in every epoch.
        random.Shuffle(rows.AsSpan());
        var batches = Cut(SortByLength(rows));
        random.Shuffle(batches.AsSpan());
        return batches;
    }

    /// <summary>The same cut without any shuffling, shortest rows first: for validation.</summary>
    public IReadOnlyList<int[]> InOrder() => Cut(SortByLength(Rows()));

    private int[] Rows() => [.. Enumerable.Range(0, _pairs.Count)];

    private int[] SortByLength(int[] rows)
    {
        var keys = new (int Target, int Source, int Order)[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            int target = _pairs.TargetLength(rows[i]), source = _pairs.SourceLength(rows[i]);
            // Sources run up in one group of equal targets and down in the next, so that a batch that
            // straddles two groups does not mix the longest sources with the shortest.
            keys[i] = (target, (target & 1) == 0 ? source : -source, i);
        }
        Array.Sort(keys, rows);
        return rows;
    }

    private int[][] Cut(int[] rows)
    {
        var batches = new List<int[]>();
        int start = 0, longest = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            // Both sides carry one more token than the text: the end (source) and the begin or end (target).
            int length = 1 + Math.Max(_pairs.SourceLength(rows[i]), _pairs.TargetLength(rows[i]));
            int grown = Math.Max(longest, length);
            if (i > start && (long)grown * (i - start + 1) > _tokensPerBatch)
            {
                batches.Add(rows[start..i]);
                start = i;
                grown = length;
            }
            longest = grown;
        }
        if (start < rows.Length)
            batches.Add(rows[start..]);
        return [.. batches];
    }
}
