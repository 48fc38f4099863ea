namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Traces of a wrong encoding, or of markup.</summary>
internal static class TextDamage
{
    /// <summary>What is wrong with a text, in words; null for nothing.</summary>
    public static string? Of(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '&' && Entity(text.AsSpan(i)) is { Length: > 0 } entity)
                return $"“{entity}”: an entity of HTML";
            if (c is >= ' ' and < '\u007F' or '\t' or '\n' or '\r')
                continue;
            if (c == '\uFFFD')
                return "replacement character U+FFFD";
            if (c <= '\u009F' && c != '\u0085')
                return $"control character U+{(int)c:X4}";
            char next = i + 1 < text.Length ? text[i + 1] : '\0';
            if (char.IsHighSurrogate(c) && char.IsLowSurrogate(next))
                i++;
            else if (char.IsSurrogate(c))
                return $"half of a surrogate pair, U+{(int)c:X4}";
            // Two bytes of UTF-8 read as Latin-1 or Windows-1252: Ã¤ for ä, â€œ for a quotation mark.
            else if ((c is 'Ã' or 'Â' && next is >= '\u0080' and <= '\u00BF') || (c == 'â' && next == '€'))
                return $"“{c}{next}”: UTF-8 that was read as another encoding";
        }
        return null;
    }

    /// <summary>The entity at the beginning of a text, such as <c>&amp;amp;</c>; empty for none.</summary>
    private static ReadOnlySpan<char> Entity(ReadOnlySpan<char> text)
    {
        int length = text[..Math.Min(10, text.Length)].IndexOf(';') + 1;
        if (length < 4)
            return default;
        var name = text[1..(length - 1)];
        bool isEntity = name is "amp" or "lt" or "gt" or "quot" or "apos" or "nbsp"
            || (name[0] == '#' && !name[1..].ContainsAnyExcept("0123456789abcdefABCDEFx"));
        return isEntity ? text[..length] : default;
    }
}
