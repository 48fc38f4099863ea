using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>A set of token sequences that share their beginnings. Immutable once made.</summary>
internal sealed class TokenTrie
{
    private readonly Node _root = new();

    private TokenTrie()
    {
    }

    /// <summary>Tokens of the longest sequence.</summary>
    public int Depth { get; private set; }

    public static TokenTrie Create(IEnumerable<int[]> sequences)
    {
        var trie = new TokenTrie();
        var nodes = new List<Node> { trie._root };
        foreach (int[] sequence in sequences)
        {
            var node = trie._root;
            foreach (int token in sequence)
                node = node.Children.TryGetValue(token, out var child) ? child : Add(node, token);
            node.IsEnd = true;
            trie.Depth = Math.Max(trie.Depth, sequence.Length);
        }
        foreach (var node in nodes)
            node.Next = [.. node.Children.Keys.Order(), .. node.IsEnd ? [SpecialTokens.End] : Array.Empty<int>()];
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
    public ReadOnlySpan<int> Next(ReadOnlySpan<int> prefix)
    {
        var node = _root;
        foreach (int token in prefix)
            if (!node.Children.TryGetValue(token, out node))
                return [];
        return node.Next;
    }

    private sealed class Node
    {
        public Dictionary<int, Node> Children { get; } = [];

        public bool IsEnd { get; set; }

        public int[] Next { get; set; } = [];
    }
}
