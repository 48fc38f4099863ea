namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Counts the n-grams that a hypothesis shares with references, each at most as often as the hypothesis has
/// it.</summary>
internal sealed class NgramMatcher(int maxOrder)
{
    private struct Counts
    {
        public int Hypothesis;
        public int Reference;   // the reference at hand
        public int Matched;     // the most of any reference, at most Hypothesis
    }

    private readonly SymbolTrie _ngrams = new();
    private Counts[] _counts = new Counts[256];

    /// <summary>Forgets everything and takes a new hypothesis.</summary>
    public void Start(ReadOnlySpan<int> hypothesis)
    {
        _counts.AsSpan(0, _ngrams.Count + 1).Clear();
        _ngrams.Clear();
        for (int start = 0; start < hypothesis.Length; start++)
        {
            int node = SymbolTrie.Root;
            foreach (int symbol in hypothesis.Slice(start, Math.Min(maxOrder, hypothesis.Length - start)))
            {
                node = _ngrams.Step(node, symbol);
                if (node == _counts.Length)
                    Array.Resize(ref _counts, _counts.Length * 2);
                _counts[node].Hypothesis++;
            }
        }
    }

    /// <summary>Adds to <paramref name="matches"/>, order by order, what one more reference matches that those before it
    /// didn't.</summary>
    public void Match(ReadOnlySpan<int> reference, Span<double> matches)
    {
        for (int start = 0; start < reference.Length; start++)
        {
            int node = SymbolTrie.Root;
            int longest = Math.Min(maxOrder, reference.Length - start);
            for (int n = 0; n < longest; n++)
            {
                node = _ngrams.Find(node, reference[start + n]);
                if (node == SymbolTrie.Root)
                    break;   // nor has the hypothesis a longer one that begins so
                ref Counts counts = ref _counts[node];
                counts.Reference++;
                if (counts.Reference > counts.Matched && counts.Reference <= counts.Hypothesis)
                {
                    counts.Matched++;
                    matches[n]++;
                }
            }
        }

        foreach (ref Counts counts in _counts.AsSpan(1, _ngrams.Count))
            counts.Reference = 0;
    }

    /// <summary>Forgets the references, so that the next one is matched by itself.</summary>
    public void ForgetReferences()
    {
        foreach (ref Counts counts in _counts.AsSpan(1, _ngrams.Count))
            counts.Matched = 0;
    }

    /// <summary>How many n-grams a sequence has.</summary>
    public static int Total(int length, int order) => Math.Max(0, length - order + 1);
}
