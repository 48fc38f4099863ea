namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Decodes UTF-8, in which surrogates are allowed, a byte at a time. A sequence that breaks off is replaced as a whole,
/// as Unicode recommends (chapter 3, "maximal subparts").</summary>
internal struct ByteDecoder
{
    /// <summary>Most characters that one byte completes.</summary>
    public const int MostCharacters = 2;

    private int _character; // its bits so far
    private int _missing; // bytes that it lacks
    private byte _lead; // binds the byte after it, and no other

    /// <summary>Whether bytes wait for others.</summary>
    public readonly bool IsWithinCharacter => _missing > 0;

    /// <summary>Takes a byte and gives the number of characters that are settled by it.</summary>
    public int Add(byte value, Span<char> characters)
    {
        int count = 0;
        if (_missing > 0 && !Follows(_lead, value))
            count = Finish(characters);
        if (_missing == 0)
        {
            _missing = value switch { < 0x80 => 0, < 0xC2 => -1, < 0xE0 => 1, < 0xF0 => 2, < 0xF5 => 3, _ => -1 };
            if (_missing < 0)
            {
                _missing = 0;
                characters[count++] = SpecialTokens.Replacement;
                return count;
            }
            _character = value & (_missing == 0 ? 0x7F : 0x3F >> _missing);
            _lead = value;
        }
        else
        {
            _character = _character << 6 | (value & 0x3F);
            _missing--;
            _lead = 0;
        }
        if (_missing > 0)
            return count;
        if (_character < 0x10000)
        {
            characters[count++] = (char)_character;
            return count;
        }
        characters[count++] = (char)(0xD800 + ((_character - 0x10000) >> 10));
        characters[count++] = (char)(0xDC00 + (_character & 0x3FF));
        return count;
    }

    /// <summary>Replaces what waits, when no byte follows, and gives the number of characters.</summary>
    public int Finish(Span<char> characters)
    {
        if (_missing == 0)
            return 0;
        _missing = 0;
        characters[0] = SpecialTokens.Replacement;
        return 1;
    }

    private static bool Follows(byte lead, byte value) => lead switch
    {
        0xE0 => value is >= 0xA0 and <= 0xBF, // shorter forms exist below
        0xF0 => value is >= 0x90 and <= 0xBF,
        0xF4 => value is >= 0x80 and <= 0x8F, // nothing above U+10FFFF
        _ => value is >= 0x80 and <= 0xBF,
    };
}
