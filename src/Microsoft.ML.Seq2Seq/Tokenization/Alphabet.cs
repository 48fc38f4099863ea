namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>The characters that byte-pair encoding has a piece for; all others are spelled in bytes.</summary>
internal sealed class Alphabet
{
    private readonly ulong[] _basic = new ulong[0x10000 / 64]; // one bit a character of the basic plane
    private readonly HashSet<int> _others = [];

    public Alphabet(IEnumerable<int> characters)
    {
        foreach (int character in characters)
        {
            if (character < 0x10000)
                _basic[character >> 6] |= 1UL << (character & 63);
            else
                _others.Add(character);
        }
    }

    public bool Contains(int character) => character < 0x10000
        ? (_basic[character >> 6] >> (character & 63) & 1) != 0
        : _others.Contains(character);
}
