namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>How byte-level vocabularies (GPT-2's and its heirs') write bytes: printable ones of Latin-1 as they are, the
/// others as characters from U+0100 on, in their order, so that a space is Ġ.</summary>
internal static class ByteLevel
{
    /// <summary>The character of each byte.</summary>
    public static readonly char[] Characters = Make();

    private static readonly Dictionary<char, byte> _bytes =
        Enumerable.Range(0, 256).ToDictionary(value => Characters[value], value => (byte)value);

    /// <summary>The byte of a character; false where it stands for none.</summary>
    public static bool TryGetByte(char character, out byte value) => _bytes.TryGetValue(character, out value);

    private static char[] Make()
    {
        char next = '\u0100';
        return [.. Enumerable.Range(0, 256).Select(value =>
            value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : next++)];
    }
}
