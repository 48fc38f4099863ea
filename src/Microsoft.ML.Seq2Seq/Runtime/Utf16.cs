namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>Surrogates in a string: two make a character, and one alone is no text.</summary>
internal static class Utf16
{
    /// <summary>Whether a character outside the basic plane starts here.</summary>
    public static bool IsPair(ReadOnlySpan<char> text, int index)
        => char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]);

    /// <summary>Whether every surrogate has its partner, so that the text can be stored as UTF-8.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (IsPair(text, i))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }
        return true;
    }
}
