using System.Text;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Puts pieces and bytes together to a text. Bytes that spell no character, which a model may write, become
/// <see cref="SpecialTokens.Replacement"/>.</summary>
internal sealed class PieceJoiner
{
    private readonly StringBuilder _text = new();
    private ByteDecoder _bytes;

    public void Add(PieceText piece)
    {
        if (piece.Bytes is null)
        {
            Flush();
            _text.Append(piece.Characters);
            return;
        }
        Span<char> characters = stackalloc char[ByteDecoder.MostCharacters];
        foreach (byte value in piece.Bytes)
            _text.Append(characters[.._bytes.Add(value, characters)]);
    }

    public string Finish()
    {
        Flush();
        return _text.ToString();
    }

    private void Flush()
    {
        Span<char> characters = stackalloc char[ByteDecoder.MostCharacters];
        _text.Append(characters[.._bytes.Finish(characters)]);
    }
}
