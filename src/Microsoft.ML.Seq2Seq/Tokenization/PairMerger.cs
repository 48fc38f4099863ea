using System.Runtime.InteropServices;
using Microsoft.ML.Seq2Seq.Interop;

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
        _starts.Add(_text.Count);
        _lengths.Add(symbols.Length);
        _frequencies.Add(frequency);
        _text.AddRange(symbols);
    }

    /// <summary>Merges until there are this many pieces, the alphabet included, or no pair is frequent enough.</summary>
    public List<Merge> Learn(int maximumPieces, long minimumFrequency, Cancellation cancellation)
    {
        var merges = new List<Merge>();
        FindPairs(minimumFrequency, cancellation);
        while (_pieces.Count < maximumPieces && _queue.TryDequeue(out var pair, out var entry))
        {
            cancellation.ThrowIfRequested();
            if (pair.Count == entry.Count)
            {
                Apply(pair);
                merges.Add(new Merge(pair.Left, pair.Right));
                EnqueueNew(minimumFrequency);
            }
            else
                Enqueue(pair, minimumFrequency); // back to its place
        }
        return merges;
    }

    /// <summary>Counts pairs first, so that only those that can be merged, mostly few of them, get a list of words, and one
    /// of the right size.</summary>
    private void FindPairs(long minimumFrequency, Cancellation cancellation)
    {
        for (int word = 0; word < _starts.Count; word++)
        {
            cancellation.ThrowIfRequested();
            var text = TextOf(word);
            for (int i = 0; i + 1 < text.Length; i++)
                Raise(text[i], text[i + 1], _frequencies[word])?.Occurrences += 1;
        }
        EnqueueNew(minimumFrequency);
        for (int word = 0; word < _starts.Count; word++)
        {
            cancellation.ThrowIfRequested();
            var text = TextOf(word);
            for (int i = 0; i + 1 < text.Length; i++)
            {
                if (_pairs.TryGetValue((text[i], text[i + 1]), out var pair))
                    pair.Note(word);
            }
        }
    }

    private Span<int> TextOf(int word) => CollectionsMarshal.AsSpan(_text).Slice(_starts[word], _lengths[word]);

    private void Apply(Pair pair)
    {
        int result = _pieces.Count;
        _pieces.Add(_pieces[pair.Left] + _pieces[pair.Right]);
        // Meanwhile only lists of pairs with the new piece grow.
        foreach (int word in pair.Words)
            Replace(word, pair, result);
        _pairs.Remove((pair.Left, pair.Right));
    }

    private void Replace(int word, Pair pair, int result)
    {
        var text = TextOf(word);
        long frequency = _frequencies[word];
        int length = 0; // symbols written so far
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != pair.Left || i + 1 == text.Length || text[i + 1] != pair.Right)
            {
                text[length++] = text[i];
                continue;
            }
            if (length > 0)
            {
                Lower(text[length - 1], pair.Left, frequency);
                Raise(text[length - 1], result, frequency)?.Note(word);
            }
            if (i + 2 < text.Length)
            {
                Lower(pair.Right, text[i + 2], frequency);
                Raise(result, text[i + 2], frequency)?.Note(word);
            }
            text[length++] = result;
            i++;
        }
        _lengths[word] = length;
    }

    private Pair? Raise(int left, int right, long frequency)
    {
        if (left == NoSymbol || right == NoSymbol)
            return null;
        ref var pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, (left, right), out bool exists);
        if (!exists)
            _new.Add(pair = new Pair(left, right));
        pair!.Count += frequency;
        return pair;
    }

    private void Lower(int left, int right, long frequency)
    {
        if (_pairs.TryGetValue((left, right), out var pair))
            pair.Count -= frequency;
    }

    private void EnqueueNew(long minimumFrequency)
    {
        foreach (var pair in _new)
            Enqueue(pair, minimumFrequency);
        _new.Clear();
    }

    /// <summary>A pair that is too rare stays so, and is forgotten.</summary>
    private void Enqueue(Pair pair, long minimumFrequency)
    {
        if (pair.Count >= minimumFrequency)
            _queue.Enqueue(pair, (pair.Count, pair));
        else
            _pairs.Remove((pair.Left, pair.Right));
    }

    private sealed class Pair(int left, int right)
    {
        private int[] _words = [];
        private int _wordCount;

        public int Left { get; } = left;

        public int Right { get; } = right;

        public long Count { get; set; }

        /// <summary>Room that the list of words will need; 0 is unknown.</summary>
        public int Occurrences { get; set; }

        /// <summary>Words that the pair occurs in, and some that it once did.</summary>
        public ReadOnlySpan<int> Words => _words.AsSpan(0, _wordCount);

        /// <summary>Adds to <see cref="Words"/>; a word with several of the pair is noted once.</summary>
        public void Note(int word)
        {
            if (_wordCount > 0 && _words[_wordCount - 1] == word)
                return;
            if (_wordCount == _words.Length)
                Array.Resize(ref _words, Math.Max(Math.Max(2, Occurrences), 2 * _wordCount));
            _words[_wordCount++] = word;
        }
    }
}
