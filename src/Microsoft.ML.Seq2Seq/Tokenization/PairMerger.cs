using System.Runtime.InteropServices;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>
/// Learns merges (Sennrich et al. 2016, algorithm 1): the most frequent pair of neighbours becomes one symbol everywhere,
/// again and again. Of pairs of the same frequency the last in ordinal order is taken, as in subword-nmt, so that both
/// learn the same.
/// </summary>
/// <remarks>
/// Counts of pairs are kept up to date instead of counted anew. Each pair knows the words that it occurred in; a heap has
/// the pairs by a count that may be too high, which is put right when a pair comes to the top.
/// No piece is made in two ways: between two edges that no merge crosses, a string is merged as if it stood alone, so
/// that it is always made of the same two parts. Hence each merge makes a new piece, a merged pair never comes back, and
/// once the merge that makes a pair is through, its count only falls.
/// </remarks>
internal sealed class PairMerger
{
    /// <summary>Stands in a word for what takes part in no merge.</summary>
    public const int NoSymbol = -1;

    private readonly List<string> _pieces;

    // Words lie one after another, each with room for the symbols that it began with.
    private readonly List<int> _text = [];
    private readonly List<int> _starts = [];
    private readonly List<int> _lengths = [];
    private readonly List<long> _frequencies = [];

    private readonly Dictionary<(int Left, int Right), Pair> _pairs = [];
    private readonly List<Pair> _new = []; // pairs that are not in the heap yet
    private readonly PriorityQueue<Pair, (long Count, Pair Pair)> _queue;

    public PairMerger(IEnumerable<string> alphabet)
    {
        _pieces = [.. alphabet];
        _queue = new(Comparer<(long Count, Pair Pair)>.Create((x, y) =>
            x.Count != y.Count ? y.Count.CompareTo(x.Count)
            : string.CompareOrdinal(_pieces[y.Pair.Left], _pieces[x.Pair.Left]) is var left && left != 0 ? left
            : string.CompareOrdinal(_pieces[y.Pair.Right], _pieces[x.Pair.Right])));
    }

    /// <summary>Adds a word as indices of the alphabet.</summary>
    public void Add(ReadOnlySpan<int> symbols, long frequency)
    {
        int word = _starts.Count;
        _starts.Add(_text.Count);
        _lengths.Add(symbols.Length);
        _frequencies.Add(frequency);
        _text.AddRange(symbols);
        for (int i = 0; i + 1 < symbols.Length; i++)
            Raise(symbols[i], symbols[i + 1], word, frequency);
    }

    /// <summary>Merges until there are this many pieces, the alphabet included, or no pair is frequent enough.</summary>
    public List<Merge> Learn(int maximumPieces, long minimumFrequency, CancellationToken ct)
    {
        var merges = new List<Merge>();
        EnqueueNew();
        while (_pieces.Count < maximumPieces && _queue.TryDequeue(out var pair, out var entry))
        {
            ct.ThrowIfCancellationRequested();
            if (pair.Count < minimumFrequency)
                continue;
            if (pair.Count < entry.Count)
            {
                _queue.Enqueue(pair, (pair.Count, pair)); // back to its place
                continue;
            }
            Apply(pair);
            merges.Add(new Merge(pair.Left, pair.Right));
            EnqueueNew();
        }
        return merges;
    }

    private void Apply(Pair pair)
    {
        int result = _pieces.Count;
        _pieces.Add(_pieces[pair.Left] + _pieces[pair.Right]);
        // Meanwhile only lists of pairs with the new piece grow.
        foreach (int word in CollectionsMarshal.AsSpan(pair.Words))
            Replace(word, pair, result);
        pair.Words = [];
    }

    private void Replace(int word, Pair pair, int result)
    {
        var text = CollectionsMarshal.AsSpan(_text).Slice(_starts[word], _lengths[word]);
        long frequency = _frequencies[word];
        int length = 0; // symbols written so far
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != pair.Left || i + 1 == text.Length || text[i + 1] != pair.Right)
            {
                text[length++] = text[i];
                continue;
            }
            Lower(pair.Left, pair.Right, frequency);
            if (length > 0)
            {
                Lower(text[length - 1], pair.Left, frequency);
                Raise(text[length - 1], result, word, frequency);
            }
            if (i + 2 < text.Length)
            {
                Lower(pair.Right, text[i + 2], frequency);
                Raise(result, text[i + 2], word, frequency);
            }
            text[length++] = result;
            i++;
        }
        _lengths[word] = length;
    }

    private void Raise(int left, int right, int word, long frequency)
    {
        if (left == NoSymbol || right == NoSymbol)
            return;
        ref var pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, (left, right), out bool exists);
        if (!exists)
            _new.Add(pair = new Pair(left, right));
        pair!.Count += frequency;
        if (pair.Words.Count == 0 || pair.Words[^1] != word)
            pair.Words.Add(word);
    }

    private void Lower(int left, int right, long frequency)
    {
        if (left != NoSymbol && right != NoSymbol)
            _pairs[(left, right)].Count -= frequency;
    }

    private void EnqueueNew()
    {
        foreach (var pair in _new)
            _queue.Enqueue(pair, (pair.Count, pair));
        _new.Clear();
    }

    private sealed class Pair(int left, int right)
    {
        public int Left { get; } = left;

        public int Right { get; } = right;

        public long Count { get; set; }

        /// <summary>Words that the pair occurs in, and some that it once did.</summary>
        public List<int> Words { get; set; } = [];
    }
}
