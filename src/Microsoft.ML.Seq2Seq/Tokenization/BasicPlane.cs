using System.Globalization;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Texts as patterns have to see them: a .NET pattern matches UTF-16 units, and would cut a character outside the
/// basic plane in two halves that are neither letters nor signs.</summary>
internal static class BasicPlane
{
    // One character for each category, the first from the Yi syllables on: patterns hardly name characters there.
    private static readonly char[] _substitutes = Substitutes();

    /// <summary>The text with a character inside the plane, of the same Unicode category, for each one outside.</summary>
    /// <param name="offsets">Where each character of the result is in <paramref name="text"/>, and last its end; null: where
    /// it is in the result.</param>
    public static string Fold(string text, out int[]? offsets)
    {
        offsets = null;
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return text;
        char[] folded = new char[text.Length];
        offsets = new int[text.Length + 1];
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            offsets[count] = i;
            folded[count++] = Utf16.IsPair(text, i)
                ? _substitutes[(int)CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(text[i], text[++i]))]
                : text[i];
        }
        offsets[count] = text.Length;
        return new string(folded, 0, count);
    }

    private static char[] Substitutes()
    {
        char[] substitutes = new char[(int)UnicodeCategory.OtherNotAssigned + 1];
        for (char sign = '\uFFFD'; sign >= '\uA000'; sign--)
            substitutes[(int)CharUnicodeInfo.GetUnicodeCategory(sign)] = sign;
        return substitutes;
    }
}
