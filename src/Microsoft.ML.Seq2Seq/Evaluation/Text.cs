using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Text as Python's strings have it, which the reference implementations are written in: a sequence of code
/// points, a lone surrogate being one of its own.</summary>
internal static class Text
{
    /// <summary>Adds the code points of <paramref name="text"/> to a list.</summary>
    public static void Append(List<int> codePoints, ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                codePoints.Add(char.ConvertToUtf32(c, text[++i]));
            else
                codePoints.Add(c);
        }
    }

    public static ReadOnlySpan<int> Span(this List<int> list) => CollectionsMarshal.AsSpan(list);

    /// <summary>White space as Python's <c>str.split</c> sees it: .NET's and the four separators of ASCII.</summary>
    public static bool IsSpace(int codePoint)
        => codePoint <= char.MaxValue && (char.IsWhiteSpace((char)codePoint) || codePoint is >= 0x1C and <= 0x1F);

    public static string TrimEnd(string text)
    {
        int length = text.Length;
        while (length > 0 && IsSpace(text[length - 1]))
            length--;
        return length == text.Length ? text : text[..length];
    }

    public static string TrimStart(string text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start]))
            start++;
        return start == 0 ? text : text[start..];
    }

    /// <summary>The start and end of the next word at or after <paramref name="position"/>, which moves behind it; false
    /// where only white space is left.</summary>
    public static bool NextWord(ReadOnlySpan<int> text, ref int position, out Range word)
    {
        while (position < text.Length && IsSpace(text[position]))
            position++;
        int start = position;
        while (position < text.Length && !IsSpace(text[position]))
            position++;
        word = start..position;
        return position > start;
    }

    /// <summary>Adds a number for each word that white space sets apart; equal words of one <paramref name="trie"/> have
    /// equal numbers.</summary>
    public static void AppendWords(List<int> words, ReadOnlySpan<int> text, SymbolTrie trie)
    {
        for (int position = 0; NextWord(text, ref position, out Range word);)
            words.Add(trie.Walk(text[word]));
    }

    /// <summary>Puts the characters for the four entities that mteval and Tercom know, one after the other: what
    /// <c>&amp;amp;lt;</c> leaves is unescaped again.</summary>
    public static string Unescape(string text)
    {
        if (!text.Contains('&'))
            return text;
        return text.Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal)
            .Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal);
    }

    /// <summary>Unicode's full lower-casing, as Python's <c>str.lower</c>: .NET's one-to-one mapping and the two letters
    /// that it has no room for.</summary>
    public static string Lower(string text)
    {
        if (text.AsSpan().IndexOfAny('\u0130', '\u03A3') < 0)
            return text.ToLowerInvariant();

        var lower = new StringBuilder(text.Length + 1);
        for (int i = 0; i < text.Length; i++)
        {
            lower.Append(text[i] switch
            {
                '\u0130' => "i\u0307",                                  // İ
                '\u03A3' => EndsWord(text, i) ? "\u03C2" : "\u03C3",    // Σ
                _ => text.AsSpan(i, 1),
            });
        }

        return lower.ToString().ToLowerInvariant();
    }

    // Unicode's condition Final_Sigma: a cased letter stands before, none after, not counting what case ignores.
    private static bool EndsWord(string text, int sigma)
    {
        int before = sigma;
        bool cased = false;
        while (before > 0)
        {
            Rune.DecodeLastFromUtf16(text.AsSpan(0, before), out Rune rune, out int length);
            before -= length;
            if (!IsCaseIgnorable(rune))
            {
                cased = IsCased(rune);
                break;
            }
        }

        if (!cased)
            return false;
        for (int after = sigma + 1; after < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(after), out Rune rune, out int length);
            after += length;
            if (!IsCaseIgnorable(rune))
                return !IsCased(rune);
        }

        return true;
    }

    private static bool IsCased(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsCaseIgnorable(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
        or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol
        || rune.Value is '\'' or '.' or ':' or 0xB7 or 0x2018 or 0x2019 or 0x2024 or 0x2027;
}
