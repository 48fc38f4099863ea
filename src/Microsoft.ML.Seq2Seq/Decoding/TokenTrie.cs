using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>Texts by the token sequences that stand for them, which share their beginnings. Immutable once made.</summary>
internal sealed class TokenTrie
{
    private readonly Node _root = new();

    private TokenTrie()
    {
    }

    /// <summary>Tokens of the longest sequence.</summary>
    public int Depth { get; private set; }

    /// <summary>Whether it holds none.</summary>
    public bool IsEmpty => _root.Next.Length == 0;

    /// <param name="sequences">Of texts with the same tokens the first counts.</param>
    public static TokenTrie Create(IEnumerable<(int[] Tokens, string Text)> sequences)
    {
        var trie = new TokenTrie();
        var nodes = new List<Node> { trie._root }; // each after the one that it continues
        foreach (var (tokens, text) in sequences)
        {
            var node = trie._root;
            foreach (int token in tokens)
                node = node.Children.TryGetValue(token, out var child) ? child : Add(node, token);
            node.Text ??= text;
            trie.Depth = Math.Max(trie.Depth, tokens.Length);
        }
        for (int i = nodes.Count - 1; i >= 0; i--)
            nodes[i].Complete();
        return trie;

        Node Add(Node parent, int token)
        {
            var child = new Node();
            parent.Children.Add(token, child);
            nodes.Add(child);
            return child;
        }
    }

    /// <summary>What may follow: tokens, and the end token where a sequence is complete; nothing after a prefix that no
    /// sequence has.</summary>
    public ReadOnlySpan<int> Next(ReadOnlySpan<int> prefix) => Find(prefix) is { } node ? node.Next : [];

    /// <summary>The text of a sequence; null where there is none.</summary>
    public string? Text(ReadOnlySpan<int> tokens) => Find(tokens)?.Text;

    /// <summary>What all texts begin with whose sequences begin with these tokens.</summary>
    public ReadOnlySpan<char> Beginning(ReadOnlySpan<int> prefix) => Find(prefix) is { } node ? node.Shared.Span : [];

    private Node? Find(ReadOnlySpan<int> prefix)
    {
        var node = _root;
        foreach (int token in prefix)
            if (!node.Children.TryGetValue(token, out node))
                return null;
        return node;
    }

    private sealed class Node
    {
        public Dictionary<int, Node> Children { get; } = [];

        /// <summary>Of the sequence that ends here.</summary>
        public string? Text { get; set; }

        public int[] Next { get; private set; } = [];

        /// <summary>What the texts from here on begin with.</summary>
        public ReadOnlyMemory<char> Shared { get; private set; }

        /// <summary>Once those that continue it are.</summary>
        public void Complete()
        {
            Next = [.. Children.Keys.Order(), .. Text is not null ? [SpecialTokens.End] : Array.Empty<int>()];
            ReadOnlyMemory<char>? shared = Text?.AsMemory();
            foreach (var child in Children.Values)
                shared = shared is { } before ? before[..before.Span.CommonPrefixLength(child.Shared.Span)] : child.Shared;
            Shared = shared ?? default;
        }
    }
}
