using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Batching;

/// <summary>
/// Cuts pairs into batches of about equal cost. Pairs of like length share a batch, so that little of it is padding;
/// a batch holds as many rows as fit a budget of padded tokens, counted on its longer side. (Vaswani et al. 2017,
/// section 5.1: "sentence pairs were batched together by approximate sequence length".)
/// </summary>
/// <remarks>
/// Many pairs are taken a window at a time, so that neither memory nor the disk need hold more at once: blocks of
/// neighbouring pairs from all over the data, in a new choice every epoch, whose pairs are then mixed freely. A window is
/// large enough for lengths to be as well matched as in the whole.
/// </remarks>
internal sealed class BatchPlanner
{
    private readonly EncodedPairs _pairs;
    private readonly int _tokensPerBatch;
    private readonly int _blockPairs;
    private readonly int _windowBlocks;

    /// <param name="pairs">The data.</param>
    /// <param name="tokensPerBatch">Rows of a batch times the tokens of its longest sequence.</param>
    /// <param name="blockPairs">Neighbours that stay in one window: some 100 KB, which a disk reads in one go.</param>
    /// <param name="windowBlocks">Blocks of a window. Data of no more than a window is mixed as a whole.</param>
    public BatchPlanner(EncodedPairs pairs, int tokensPerBatch, int blockPairs = 1024, int windowBlocks = 1024)
    {
        _pairs = pairs;
        _tokensPerBatch = tokensPerBatch;
        _blockPairs = blockPairs;
        _windowBlocks = windowBlocks;
    }

    /// <summary>
    /// The batches of one epoch, as row numbers, planned as they are taken. Their order depends on
    /// <paramref name="seed"/> and <paramref name="epoch"/> alone, so that a resumed run finds its place again.
    /// </summary>
    public IEnumerable<int[]> Shuffled(int seed, int epoch)
    {
        var random = new SplitMix64(SplitMix64.Combine((ulong)seed, (ulong)epoch));
        int[] blocks = Blocks();
        random.Shuffle(blocks.AsSpan());
        foreach (int[] rows in Windows(blocks))
        {
            // Shuffled first, then sorted stably: rows of the same lengths meet other neighbours in every epoch.
            random.Shuffle(rows.AsSpan());
            SortByLength(rows);
            var batches = Cut(rows);
            random.Shuffle(batches.AsSpan());
            foreach (int[] batch in batches)
                yield return batch;
        }
    }

    /// <summary>The same cut without any shuffling, shortest rows of a window first: for validation.</summary>
    public IEnumerable<int[]> InOrder()
    {
        foreach (int[] rows in Windows(Blocks()))
        {
            SortByLength(rows);
            foreach (int[] batch in Cut(rows))
                yield return batch;
        }
    }

    private int[] Blocks() => [.. Enumerable.Range(0, (int)Math.Ceiling((double)_pairs.Count / _blockPairs))];

    /// <summary>The rows of each window; windows are about the same size.</summary>
    private IEnumerable<int[]> Windows(int[] blocks)
    {
        int windows = (int)Math.Ceiling((double)blocks.Length / _windowBlocks);
        for (long window = 0; window < windows; window++)
        {
            int start = (int)(window * blocks.Length / windows), end = (int)((window + 1) * blocks.Length / windows);
            yield return [.. blocks[start..end].SelectMany(block =>
                Enumerable.Range(block * _blockPairs, Math.Min(_blockPairs, _pairs.Count - (block * _blockPairs))))];
        }
    }

    private void SortByLength(int[] rows)
    {
        const int Longest = (1 << 20) - 1; // longer rows are all alike here
        ulong[] keys = new ulong[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            var (source, target) = _pairs.Lengths(rows[i]);
            (source, target) = (Math.Min(source, Longest), Math.Min(target, Longest));
            // Sources run up in one group of equal targets and down in the next, so that a batch that
            // straddles two groups does not mix the longest sources with the shortest.
            int order = (target & 1) == 0 ? source : Longest - source;
            keys[i] = ((ulong)target << 44) | ((ulong)order << 24) | (uint)i; // a window has less than 2^24 rows
        }
        Array.Sort(keys, rows);
    }

    private int[][] Cut(int[] rows)
    {
        var batches = new List<int[]>();
        int start = 0, longest = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            // Both sides carry one more token than the text: the end (source) and the begin or end (target).
            var (source, target) = _pairs.Lengths(rows[i]);
            int length = 1 + Math.Max(source, target);
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
