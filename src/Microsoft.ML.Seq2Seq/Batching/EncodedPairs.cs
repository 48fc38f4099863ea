namespace Microsoft.ML.Seq2Seq.Batching;

/// <summary>
/// Pairs of token ids. They lie end to end in a few large pages instead of one object per row: a million pairs cost
/// their tokens and sixteen bytes each, growing copies nothing, and the total may pass what one array holds.
/// </summary>
internal sealed class EncodedPairs
{
    private const int LargestPage = 1 << 22; // tokens: 16 MB

    private readonly int _largestPage;
    private readonly List<int[]> _pages = [];
    private Place[] _places = new Place[64];
    private int _used; // of the last page

    public EncodedPairs()
        : this(LargestPage)
    {
    }

    /// <param name="largestPage">Tokens of a page, unless a single pair needs more.</param>
    public EncodedPairs(int largestPage) => _largestPage = largestPage;

    /// <summary>Number of pairs.</summary>
    public int Count { get; private set; }

    /// <summary>Source tokens of all pairs together.</summary>
    public long SourceTokens { get; private set; }

    /// <summary>Target tokens of all pairs together.</summary>
    public long TargetTokens { get; private set; }

    public void Add(ReadOnlySpan<int> source, ReadOnlySpan<int> target)
    {
        if (Count == _places.Length)
            Array.Resize(ref _places, (int)Math.Min(Array.MaxLength, 2L * _places.Length));
        var room = Reserve(checked(source.Length + target.Length));
        source.CopyTo(room);
        target.CopyTo(room[source.Length..]);
        _places[Count] = new Place(_pages.Count - 1, _used, source.Length, target.Length);
        _used += room.Length;
        SourceTokens += source.Length;
        TargetTokens += target.Length;
        Count++;
    }

    public ReadOnlySpan<int> Source(int pair)
    {
        var place = At(pair);
        return _pages[place.Page].AsSpan(place.Start, place.SourceLength);
    }

    public ReadOnlySpan<int> Target(int pair)
    {
        var place = At(pair);
        return _pages[place.Page].AsSpan(place.Start + place.SourceLength, place.TargetLength);
    }

    public int SourceLength(int pair) => At(pair).SourceLength;

    public int TargetLength(int pair) => At(pair).TargetLength;

    private ref readonly Place At(int pair)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)pair, (uint)Count, nameof(pair));
        return ref _places[pair];
    }

    /// <summary>Room in the last page, or in a new one: a pair never straddles two.</summary>
    private Span<int> Reserve(int tokens)
    {
        if (_pages.Count == 0 || tokens > _pages[^1].Length - _used)
        {
            // Small data stays small: pages double up to the full size.
            int page = _pages.Count == 0 ? 1024 : (int)Math.Min(2L * _pages[^1].Length, _largestPage);
            _pages.Add(new int[Math.Max(tokens, Math.Min(page, _largestPage))]);
            _used = 0;
        }
        return _pages[^1].AsSpan(_used, tokens);
    }

    private readonly record struct Place(int Page, int Start, int SourceLength, int TargetLength);
}
