using System.Text;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Puts pieces and bytes together to a text. Bytes that spell no character, which a model may write, become
/// <see cref="SpecialTokens.Replacement"/>.</summary>
internal sealed class PieceJoiner
{
    private readonly StringBuilder _text = new();
    private readonly List<byte> _bytes = [];

    public void Add(string piece)
    {
        Flush();
        _text.Append(piece);
    }

    public void Add(byte value) => _bytes.Add(value);

    public string Finish()
    {
        Flush();
        return _text.ToString();
    }

    /// <summary>Decodes UTF-8 in which surrogates are allowed. A sequence that breaks off is replaced as a whole, as
    /// Unicode recommends (chapter 3, "maximal subparts").</summary>
    private void Flush()
    {
        for (int i = 0; i < _bytes.Count;)
        {
            byte lead = _bytes[i++];
            int following = lead switch { < 0x80 => 0, < 0xC2 => -1, < 0xE0 => 1, < 0xF0 => 2, < 0xF5 => 3, _ => -1 };
            int character = lead & (following == 0 ? 0x7F : 0x3F >> following);
            for (; following > 0 && i < _bytes.Count && Follows(lead, _bytes[i]); following--)
            {
                character = character << 6 | (_bytes[i++] & 0x3F);
                lead = 0; // only the byte after the lead is bound by it
            }
            if (following != 0)
                _text.Append(SpecialTokens.Replacement);
            else if (character < 0x10000)
                _text.Append((char)character);
            else
                _text.Append(char.ConvertFromUtf32(character));
        }
        _bytes.Clear();
    }

    private static bool Follows(byte lead, byte value) => lead switch
    {
        0xE0 => value is >= 0xA0 and <= 0xBF, // shorter forms exist below
        0xF0 => value is >= 0x90 and <= 0xBF,
        0xF4 => value is >= 0x80 and <= 0x8F, // nothing above U+10FFFF
        _ => value is >= 0x80 and <= 0xBF,
    };
}
