using System.Runtime.InteropServices;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>
/// Learning merges as published (Sennrich et al. 2016) and as subword-nmt runs it: pairs of strings are counted once and
/// kept up to date in the words that a merge changes; the most frequent, of equals the last in ordinal order, is sought
/// among all that are above a threshold, which falls when none is left.
/// </summary>
internal sealed class TextbookBytePairs
{
    private const int Pruning = 10; // the threshold, as a part of the highest count

    private readonly List<(string[] Symbols, long Frequency)> _words = [];
    private readonly Dictionary<(string Left, string Right), Pair> _pairs = [];
    private readonly List<Pair> _frequent = [];
    private long _threshold;

    /// <param name="symbols">A word; null takes part in no merge.</param>
    /// <param name="frequency">How often it occurs.</param>
    public void Add(string?[] symbols, long frequency)
    {
        for (int start = 0; start < symbols.Length;)
        {
            int length = symbols.AsSpan(start).IndexOf((string?)null);
            if (length < 0)
                length = symbols.Length - start;
            string[] part = symbols.AsSpan(start, length).ToArray()!;
            if (length > 1)
                _words.Add((part, frequency));
            start += length + 1;
        }
    }

    public List<(string Left, string Right)> Learn(int count, long minimumFrequency)
    {
        for (int word = 0; word < _words.Count; word++)
            Count(word, _words[word].Frequency);
        Prune();
        var merges = new List<(string Left, string Right)>();
        while (merges.Count < count)
        {
            var best = Best();
            if (best is null || best.Count < _threshold)
            {
                Prune();
                best = Best();
            }
            if (best is null || best.Count < minimumFrequency)
                break;
            merges.Add((best.Left, best.Right));
            foreach (int word in best.Words.ToArray())
                Replace(word, best);
        }
        return merges;
    }

    private Pair? Best()
    {
        Pair? best = null;
        foreach (var pair in CollectionsMarshal.AsSpan(_frequent))
        {
            if (best is null || pair.Count > best.Count || (pair.Count == best.Count && pair.IsAfter(best)))
                best = pair;
        }
        return best;
    }

    private void Prune()
    {
        _threshold = _pairs.Count == 0 ? 0 : _pairs.Values.Max(pair => pair.Count) / Pruning;
        _frequent.Clear();
        foreach (var pair in _pairs.Values)
        {
            pair.IsFrequent = pair.Count >= _threshold && pair.Count > 0;
            if (pair.IsFrequent)
                _frequent.Add(pair);
        }
    }

    private void Replace(int word, Pair pair)
    {
        var (symbols, frequency) = _words[word];
        Count(word, -frequency);
        var merged = new List<string>(symbols.Length);
        for (int i = 0; i < symbols.Length; i++)
        {
            bool found = symbols[i] == pair.Left && i + 1 < symbols.Length && symbols[i + 1] == pair.Right;
            merged.Add(found ? pair.Left + pair.Right : symbols[i]);
            i += found ? 1 : 0;
        }
        _words[word] = ([.. merged], frequency);
        Count(word, frequency);
    }

    private void Count(int word, long change)
    {
        string[] symbols = _words[word].Symbols;
        for (int i = 0; i + 1 < symbols.Length; i++)
        {
            ref var pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, (symbols[i], symbols[i + 1]), out bool exists);
            if (!exists)
                pair = new Pair(symbols[i], symbols[i + 1]);
            pair!.Count += change;
            if (change > 0)
                pair.Words.Add(word);
            else
                pair.Words.Remove(word);
            if (!pair.IsFrequent && change > 0 && _threshold > 0 && pair.Count >= _threshold)
            {
                pair.IsFrequent = true;
                _frequent.Add(pair);
            }
        }
    }

    private sealed class Pair(string left, string right)
    {
        public string Left { get; } = left;

        public string Right { get; } = right;

        public long Count { get; set; }

        public HashSet<int> Words { get; } = [];

        public bool IsFrequent { get; set; }

        public bool IsAfter(Pair other) => string.CompareOrdinal(Left, other.Left) is var order && order != 0
            ? order > 0
            : string.CompareOrdinal(Right, other.Right) > 0;
    }
}
