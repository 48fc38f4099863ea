using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Text as a SentencePiece model wants it: characters replaced by the model's own map, spaces trimmed, put in front
/// and shown as ▁, as the model says.</summary>
/// <remarks>That of Microsoft.ML.Tokenizers 2.0 loses texts of one character, doesn't apply the map for BPE, and for unigram
/// models never ends on two spaces in a row; and it knows no part of a text.</remarks>
internal sealed class SentencePieceNormalization
{
    private readonly SentencePieceFile _file;
    private readonly uint[] _trie = []; // a double array, of the library Darts-clone
    private readonly byte[] _replacements = []; // each ends in a zero

    /// <exception cref="InvalidDataException">The map is damaged.</exception>
    public SentencePieceNormalization(SentencePieceFile file)
    {
        _file = file;
        ReadOnlySpan<byte> map = file.CharacterMap;
        if (map.IsEmpty)
            return;
        uint size = map.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(map) : uint.MaxValue;
        if (size > map.Length - sizeof(uint) || size % sizeof(uint) != 0 || map[^1] != 0)
            throw new InvalidDataException("the map of characters of the SentencePiece model is damaged");
        map = map[sizeof(uint)..];
        _trie = MemoryMarshal.Cast<byte, uint>(map[..(int)size]).ToArray();
        _replacements = map[(int)size..].ToArray();
    }

    /// <param name="text">A text or a part of it.</param>
    /// <param name="edges">Spaces are trimmed and put in front at the text's own ends alone.</param>
    public string Normalize(string text, TextEdges edges)
    {
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        var result = new List<byte>(rest.Length + 8);
        bool afterSpace = _file.RemoveExtraWhitespaces && edges.HasFlag(TextEdges.Start);
        while (!rest.IsEmpty)
        {
            int length = Replace(rest, out var replacement);
            rest = rest[length..];
            while (afterSpace && replacement is [(byte)' ', ..])
                replacement = replacement[1..];
            if (replacement.IsEmpty)
                continue;
            result.AddRange(replacement);
            afterSpace = _file.RemoveExtraWhitespaces && replacement[^1] == ' ';
        }
        if (_file.RemoveExtraWhitespaces && edges.HasFlag(TextEdges.End))
        {
            while (result is [.., (byte)' '])
                result.RemoveAt(result.Count - 1);
        }
        if (result.Count == 0)
            return "";
        if (_file.AddDummyPrefix && edges.HasFlag(TextEdges.Start))
            result.Insert(0, (byte)' ');
        string normalized = Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(result));
        return _file.EscapeWhitespaces ? normalized.Replace(' ', MarkedText.Space) : normalized;
    }

    /// <summary>Finds what stands for the characters that come next: the longest entry of the map, or the next character
    /// itself.</summary>
    /// <returns>Bytes that are replaced.</returns>
    private int Replace(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        int longest = 0, value = 0;
        uint node = _trie.Length > 0 ? Offset(_trie[0]) : 0;
        for (int i = 0; i < text.Length && (node ^= text[i]) < _trie.Length; i++)
        {
            uint unit = _trie[node];
            if ((unit & 0x8000_00FF) != text[i])
                break;
            node ^= Offset(unit);
            if ((unit & 0x100) != 0 && node < _trie.Length)
                (longest, value) = (i + 1, (int)(_trie[node] & 0x7FFF_FFFF));
        }
        if (longest > 0 && value < _replacements.Length)
        {
            replacement = _replacements.AsSpan(value);
            replacement = replacement[..replacement.IndexOf((byte)0)];
            return longest;
        }
        Rune.DecodeFromUtf8(text, out _, out int length);
        replacement = text[..length];
        return length;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);
}
