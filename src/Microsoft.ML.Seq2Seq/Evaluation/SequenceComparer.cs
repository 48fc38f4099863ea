namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Edit distance and longest common subsequence of two sequences of symbols, 64 cells of the table at a time
/// and in linear memory, so that a line of ten thousand words takes a fraction of a second.</summary>
internal sealed class SequenceComparer
{
    private readonly SymbolTrie _alphabet = new();
    private readonly List<int> _columns = [];      // b, its symbols numbered from 1
    private ulong[] _equal = new ulong[64];        // for each symbol of b, the rows of the block that equal it
    private sbyte[] _carries = new sbyte[64];      // for each column, what the block above hands down

    /// <summary>Fewest insertions, deletions and substitutions that make <paramref name="a"/> out of
    /// <paramref name="b"/> (Levenshtein), by Myers's algorithm (1999) in Hyyrö's form (2003).</summary>
    public int Distance(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        Prepare(b);
        // A carry is the difference between a cell and its left neighbour along the block's lower edge.
        Span<sbyte> carries = _carries.AsSpan(0, b.Length);
        carries.Fill(1);
        int distance = a.Length;
        for (int block = 0; block < a.Length; block += 64)
        {
            ReadOnlySpan<int> rows = a.Slice(block, Math.Min(64, a.Length - block));
            MarkRows(rows);
            int lowest = rows.Length - 1;
            ulong up = ulong.MaxValue, down = 0;   // rows whose cell is one more, one less than the one above
            for (int j = 0; j < b.Length; j++)
            {
                ulong equal = _equal[_columns[j]];
                int carry = carries[j];
                ulong vertical = equal | down;
                if (carry < 0)
                    equal |= 1;
                ulong horizontal = (((equal & up) + up) ^ up) | equal;
                ulong more = down | ~(horizontal | up);
                ulong less = up & horizontal;
                carries[j] = (sbyte)((int)((more >> lowest) & 1) - (int)((less >> lowest) & 1));
                more = (more << 1) | (carry > 0 ? 1UL : 0);
                less = (less << 1) | (carry < 0 ? 1UL : 0);
                up = less | ~(vertical | more);
                down = more & vertical;
            }

            UnmarkRows(rows);
        }

        if (a.Length == 0)
            return b.Length;
        foreach (sbyte carry in carries)
            distance += carry;
        return distance;
    }

    /// <summary>Length of the longest common subsequence, by Hyyrö's algorithm (2004).</summary>
    public int CommonSubsequence(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        Prepare(b);
        Span<sbyte> carries = _carries.AsSpan(0, b.Length);   // of the addition
        carries.Clear();
        int common = 0;
        for (int block = 0; block < a.Length; block += 64)
        {
            ReadOnlySpan<int> rows = a.Slice(block, Math.Min(64, a.Length - block));
            MarkRows(rows);
            ulong same = ulong.MaxValue;   // rows whose cell is no more than the one above
            for (int j = 0; j < b.Length; j++)
            {
                ulong matched = same & _equal[_columns[j]];
                ulong sum = unchecked(same + matched);
                ulong total = unchecked(sum + (ulong)carries[j]);
                carries[j] = sum < same || total < sum ? (sbyte)1 : (sbyte)0;
                same = total | (same & ~matched);
            }

            UnmarkRows(rows);
            ulong valid = rows.Length == 64 ? ulong.MaxValue : (1UL << rows.Length) - 1;
            common += System.Numerics.BitOperations.PopCount(~same & valid);
        }

        return common;
    }

    private void Prepare(ReadOnlySpan<int> b)
    {
        _alphabet.Clear();
        _columns.Clear();
        foreach (int symbol in b)
            _columns.Add(_alphabet.Step(SymbolTrie.Root, symbol));
        if (_equal.Length <= _alphabet.Count)
            _equal = new ulong[_alphabet.Count * 2];
        if (_carries.Length < b.Length)
            _carries = new sbyte[b.Length * 2];
    }

    // A row whose symbol b lacks marks the unused entry 0.
    private void MarkRows(ReadOnlySpan<int> rows)
    {
        for (int i = 0; i < rows.Length; i++)
            _equal[_alphabet.Find(SymbolTrie.Root, rows[i])] |= 1UL << i;
    }

    private void UnmarkRows(ReadOnlySpan<int> rows)
    {
        foreach (int symbol in rows)
            _equal[_alphabet.Find(SymbolTrie.Root, symbol)] = 0;
    }
}
