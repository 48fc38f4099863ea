using System.Buffers;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>
/// Text as words separated by single spaces, from which it can be restored exactly. A space of the text is a
/// <see cref="Space"/> in front of the word that follows it, and the text begins with one more, so that a word looks the
/// same at the start as anywhere else: <c>It's 8 am.</c> becomes <c>▁It's ▁8 ▁am .</c>
/// </summary>
/// <remarks>
/// A character that can't stand for itself (a literal <see cref="Space"/>, half of a surrogate pair, anything outside the
/// alphabet) is spelled in bytes, each as the lone low surrogate U+DC00 + byte: no other character of the marked text is
/// one. Words end where letters, digits, white space and symbols meet, so that no piece mixes them; letters take in an
/// apostrophe between them (<c>don't</c>, <c>l'eau</c>), and runs of spaces are words, all but their last.
/// Scripts without spaces make long words, as they should: their words are found by merging.
/// </remarks>
internal static class MarkedText
{
    /// <summary>Marks a space of the text (as SentencePiece does).</summary>
    public const char Space = '▁';

    /// <summary>Longest word, in UTF-16 units; longer ones are cut, which bounds the time that one takes.</summary>
    public const int MaximumWord = 128;

    private const char FirstByte = '\uDC00';

    /// <param name="text">Any text but the empty one.</param>
    /// <param name="alphabet">Characters that stand for themselves; null is all.</param>
    /// <param name="singleSymbols">Whether each symbol is a word of its own, rather than a run of them.</param>
    /// <param name="isStart">Whether the text begins here: what follows a symbol has no mark but those of its spaces.</param>
    public static string Mark(string text, Alphabet? alphabet, bool singleSymbols, bool isStart = true)
    {
        // Each UTF-16 unit takes at most three bytes and a separator.
        char[] buffer = ArrayPool<char>.Shared.Rent(checked((4 * text.Length) + 1));
        int length = 0;
        if (isStart)
            buffer[length++] = Space;
        int word = length; // units of the text in the word
        CharacterClass? inside = null; // class of the word; null while it is all spaces
        for (int i = 0; i < text.Length; i++)
        {
            int units = Utf16.IsPair(text, i) ? 2 : 1;
            int character = units == 2 ? char.ConvertToUtf32(text[i], text[i + 1]) : text[i];
            bool boundary;
            if (character == ' ')
            {
                bool beforeWord = i + 1 < text.Length && text[i + 1] != ' ';
                boundary = inside is not null || beforeWord;
                inside = null;
            }
            else
            {
                var next = CharacterClasses.Of(character);
                if (inside == CharacterClass.Letter && character is '\'' or '’' && StartsWithLetter(text, i + 1))
                    next = CharacterClass.Letter;
                boundary = inside is { } current && next != CharacterClass.Extend
                    && (next != current || next == CharacterClass.Digit || (singleSymbols && next == CharacterClass.Symbol));
                if (next != CharacterClass.Extend)
                    inside = next;
                else
                    inside ??= CharacterClass.Symbol;
            }

            if ((boundary && length > 0) || word + units > MaximumWord)
            {
                buffer[length++] = ' ';
                word = 0;
            }
            word += units;
            if (character == ' ')
                buffer[length++] = Space;
            else if (character == Space || (units == 1 && char.IsSurrogate(text[i])) || alphabet?.Contains(character) == false)
                length += Spell(character, buffer.AsSpan(length));
            else
            {
                text.AsSpan(i, units).CopyTo(buffer.AsSpan(length));
                length += units;
            }
            i += units - 1;
        }
        string marked = new(buffer, 0, length);
        ArrayPool<char>.Shared.Return(buffer);
        return marked;
    }

    /// <summary>The character of the marked text that stands for a byte.</summary>
    public static char OfByte(int value) => (char)(FirstByte + value);

    /// <summary>The code points of a word; bytes, which are lone surrogates, come as they are.</summary>
    public static void AddCharacters(ReadOnlySpan<char> word, List<int> characters)
    {
        for (int i = 0; i < word.Length; i++)
        {
            if (Utf16.IsPair(word, i))
                characters.Add(char.ConvertToUtf32(word[i], word[++i]));
            else
                characters.Add(word[i]);
        }
    }

    private static bool StartsWithLetter(string text, int index)
    {
        if (index >= text.Length)
            return false;
        int character = Utf16.IsPair(text, index) ? char.ConvertToUtf32(text[index], text[index + 1]) : text[index];
        return CharacterClasses.Of(character) == CharacterClass.Letter;
    }

    /// <summary>UTF-8, for surrogates too (the encoding known as WTF-8).</summary>
    private static int Spell(int character, Span<char> destination)
    {
        int count = character switch { < 0x80 => 1, < 0x800 => 2, < 0x10000 => 3, _ => 4 };
        for (int i = count - 1; i > 0; i--)
        {
            destination[i] = OfByte(0x80 | (character & 0x3F));
            character >>= 6;
        }
        int lead = count == 1 ? 0 : 0xFF << (8 - count) & 0xFF;
        destination[0] = OfByte(lead | character);
        return count;
    }
}
