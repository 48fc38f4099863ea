using System.Numerics;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>
/// A prefix tree over symbols, kept in one hash table from (node, symbol) to node. It gives equal sequences equal numbers
/// without making strings or tuples of them, and exactly: words from characters, n-grams from words or characters.
/// </summary>
/// <remarks>Nodes count from 1 in the order of their making; 0 is the root. It grows with the longest row and is emptied
/// in time proportional to what it holds.</remarks>
internal sealed class SymbolTrie
{
    public const int Root = 0;

    private ulong[] _keys = new ulong[256];
    private int[] _nodes = new int[256];      // the slot's node, 0 where the slot is free
    private int[] _slots = new int[129];      // the node's slot
    private int _shift = 64 - 8;

    /// <summary>Nodes besides the root, which is also the number of the newest.</summary>
    public int Count { get; private set; }

    public void Clear()
    {
        for (int node = 1; node <= Count; node++)
            _nodes[_slots[node]] = 0;
        Count = 0;
    }

    /// <summary>The node below <paramref name="node"/>, or 0 where there is none.</summary>
    public int Find(int node, int symbol)
    {
        ulong key = Key(node, symbol);
        for (int slot = Slot(key); ; slot = (slot + 1) & (_keys.Length - 1))
        {
            if (_nodes[slot] == 0 || _keys[slot] == key)
                return _nodes[slot];
        }
    }

    /// <summary>The node below <paramref name="node"/>, made where there is none.</summary>
    public int Step(int node, int symbol)
    {
        ulong key = Key(node, symbol);
        int slot = Slot(key);
        while (_nodes[slot] != 0)
        {
            if (_keys[slot] == key)
                return _nodes[slot];
            slot = (slot + 1) & (_keys.Length - 1);
        }

        _keys[slot] = key;
        _nodes[slot] = ++Count;
        _slots[Count] = slot;
        int made = Count;
        if (Count * 2 == _keys.Length)
            Grow();
        return made;
    }

    /// <summary>The node at the end of a sequence, made where there is none.</summary>
    public int Walk(ReadOnlySpan<int> symbols)
    {
        int node = Root;
        foreach (int symbol in symbols)
            node = Step(node, symbol);
        return node;
    }

    private static ulong Key(int node, int symbol) => ((ulong)(uint)node << 32) | (uint)symbol;

    // Fibonacci hashing after folding the node into the low half: both halves reach the top bits.
    private int Slot(ulong key) => (int)(((key ^ BitOperations.RotateLeft(key, 21)) * 0x9E3779B97F4A7C15) >> _shift);

    private void Grow()
    {
        ulong[] keys = _keys;
        int[] slots = _slots;
        _keys = new ulong[keys.Length * 2];
        _nodes = new int[_keys.Length];
        _slots = new int[keys.Length + 1];
        _shift--;
        for (int node = 1; node <= Count; node++)
        {
            ulong key = keys[slots[node]];
            int slot = Slot(key);
            while (_nodes[slot] != 0)
                slot = (slot + 1) & (_keys.Length - 1);
            _keys[slot] = key;
            _nodes[slot] = node;
            _slots[node] = slot;
        }
    }
}
