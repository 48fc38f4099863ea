using System.Globalization;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>What a character does at a word's edge.</summary>
internal enum CharacterClass : byte
{
    Letter,

    /// <summary>Any number sign. Each is a word of its own, so that a model learns digits and not the numbers it happens
    /// to see: 2031 is as easy to read and write as 2026.</summary>
    Digit,

    /// <summary>White space other than U+0020, and control characters.</summary>
    Blank,

    /// <summary>Punctuation, symbols, emoji and the rest.</summary>
    Symbol,

    /// <summary>Combining marks, joiners and variation selectors: belong to the character before them.</summary>
    Extend,
}

/// <summary>Unicode categories, folded to <see cref="CharacterClass"/>.</summary>
internal static class CharacterClasses
{
    private static readonly CharacterClass[] _ascii = [.. Enumerable.Range(0, 128).Select(c => Classify((char)c))];

    public static CharacterClass Of(int codePoint) => codePoint < 128 ? _ascii[codePoint] : Classify(codePoint);

    private static CharacterClass Classify(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterClass.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
            => CharacterClass.Digit,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format => CharacterClass.Extend,
        UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Control => CharacterClass.Blank,
        _ => CharacterClass.Symbol,
    };
}
