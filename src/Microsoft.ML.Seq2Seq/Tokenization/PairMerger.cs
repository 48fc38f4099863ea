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
/// </remarks>
internal sealed class PairMerger
{
    /// <summary>Stands in a word for what takes part in no merge.</summary>
    public const int NoSymbol = -1;

    private readonly List<string> _pieces;
    private readonly Dictionary<string, int> _symbols = [];

    // Words lie one after another, each with room for the symbols that it began with.
    private readonly List<int> _text = [];
    private readonly List<int> _starts = [];
    private readonly List<int> _lengths = [];
    private readonly List<long> _frequencies = [];

    private readonly Dictionary<(int Left, int Right), int> _indices = [];
    private readonly List<Pair> _pairs = [];
    private readonly PriorityQueue<int, (long Count, Pair Pair)> _queue;
    private readonly HashSet<int> _risen = []; // pairs that the merge under way made more frequent

    public PairMerger(IEnumerable<string> alphabet)
    {
        _pieces = [.. alphabet];
        for (int i = 0; i < _pieces.Count; i++)
            _symbols.Add(_pieces[i], i);
        _queue = new(Comparer<(long Count, Pair Pair)>.Create((x, y) =>
            x.Count != y.Count ? y.Count.CompareTo(x.Count)
            : string.CompareOrdinal(_pieces[y.Pair.Left], _pieces[x.Pair.Left]) is var left && left != 0 ? left
            : string.CompareOrdinal(_pieces[y.Pair.Right], _pieces[x.Pair.Right])));
    }

    /// <summary>The alphabet and what the merges made.</summary>
    public IReadOnlyList<string> Pieces => _pieces;

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

    /// <summary>Merges until there are this many pieces or no pair is frequent enough. A merge may make a piece that another
    /// made before: then only the merge is new.</summary>
    public List<Merge> Learn(int maximumPieces, long minimumFrequency, CancellationToken ct)
    {
        var merges = new List<Merge>();
        EnqueueRisen();
        while (_pieces.Count < maximumPieces && _queue.TryDequeue(out int index, out var entry))
        {
            ct.ThrowIfCancellationRequested();
            var pair = _pairs[index];
            if (pair.Count != entry.Count)
            {
                // The entry is out of date: the pair has been merged, or goes back to its place.
                if (pair.Count >= minimumFrequency && pair.Count < entry.Count)
                    _queue.Enqueue(index, (pair.Count, pair));
                continue;
            }
            if (pair.Count < minimumFrequency)
                break;
            bool known = pair.Merged;
            var merge = Apply(pair);
            if (!known)
                merges.Add(merge);
            EnqueueRisen();
        }
        return merges;
    }

    private Merge Apply(Pair pair)
    {
        string piece = _pieces[pair.Left] + _pieces[pair.Right];
        if (!_symbols.TryGetValue(piece, out int result))
        {
            result = _pieces.Count;
            _pieces.Add(piece);
            _symbols.Add(piece, result);
        }
        // Replacing lowers pairs while their words are walked, but only raises others, which have lists of their own.
        foreach (int word in CollectionsMarshal.AsSpan(pair.Words))
            Replace(word, pair, result);
        pair.Words = [];
        pair.Merged = true;
        return new Merge(pair.Left, pair.Right, result);
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
        ref int index = ref CollectionsMarshal.GetValueRefOrAddDefault(_indices, (left, right), out bool exists);
        if (!exists)
        {
            index = _pairs.Count;
            _pairs.Add(new Pair(left, right));
        }
        var pair = _pairs[index];
        pair.Count += frequency;
        if (pair.Words.Count == 0 || pair.Words[^1] != word)
            pair.Words.Add(word);
        _risen.Add(index);
    }

    private void Lower(int left, int right, long frequency)
    {
        if (left != NoSymbol && right != NoSymbol)
            _pairs[_indices[(left, right)]].Count -= frequency;
    }

    private void EnqueueRisen()
    {
        foreach (int index in _risen)
        {
            var pair = _pairs[index];
            if (pair.Count > 0)
                _queue.Enqueue(index, (pair.Count, pair));
        }
        _risen.Clear();
    }

    private sealed class Pair(int left, int right)
    {
        public int Left { get; } = left;

        public int Right { get; } = right;

        public long Count { get; set; }

        /// <summary>Whether it has been merged. It may come back, where one of its pieces is made a second way.</summary>
        public bool Merged { get; set; }

        /// <summary>Words that the pair occurs in, and some that it once did.</summary>
        public List<int> Words { get; set; } = [];
    }
}
