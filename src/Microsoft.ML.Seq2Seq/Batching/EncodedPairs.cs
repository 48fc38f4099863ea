namespace Microsoft.ML.Seq2Seq.Batching;

/// <summary>
/// Pairs of token ids, kept in two growing arrays (all tokens end to end, and where each sequence starts)
/// instead of one object per row: a million pairs cost their tokens and sixteen bytes each.
/// </summary>
internal sealed class EncodedPairs
{
    private int[] _tokens = new int[1024];
    // Pair i: source at [_starts[2i], _starts[2i+1]), target at [_starts[2i+1], _starts[2i+2]).
    private long[] _starts = new long[129];

    /// <summary>Number of pairs.</summary>
    public int Count { get; private set; }

    /// <summary>Source tokens of all pairs together.</summary>
    public long SourceTokens { get; private set; }

    /// <summary>Target tokens of all pairs together.</summary>
    public long TargetTokens { get; private set; }

    public void Add(ReadOnlySpan<int> source, ReadOnlySpan<int> target)
    {
        if (2 * Count + 3 > _starts.Length)
            Array.Resize(ref _starts, 2 * _starts.Length);
        long start = _starts[2 * Count];
        long end = start + source.Length + target.Length;
        if (end > _tokens.Length)
            Array.Resize(ref _tokens, (int)Math.Min(Array.MaxLength, Math.Max(end, 2L * _tokens.Length)));
        source.CopyTo(_tokens.AsSpan((int)start));
        target.CopyTo(_tokens.AsSpan((int)start + source.Length));
        _starts[2 * Count + 1] = start + source.Length;
        _starts[2 * Count + 2] = end;
        SourceTokens += source.Length;
        TargetTokens += target.Length;
        Count++;
    }

    public ReadOnlySpan<int> Source(int pair) => Slice(2 * pair);

    public ReadOnlySpan<int> Target(int pair) => Slice(2 * pair + 1);

    public int SourceLength(int pair) => (int)(_starts[2 * pair + 1] - _starts[2 * pair]);

    public int TargetLength(int pair) => (int)(_starts[2 * pair + 2] - _starts[2 * pair + 1]);

    private ReadOnlySpan<int> Slice(int sequence) =>
        _tokens.AsSpan((int)_starts[sequence], (int)(_starts[sequence + 1] - _starts[sequence]));
}
