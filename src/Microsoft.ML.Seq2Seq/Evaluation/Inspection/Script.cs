namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Writing systems that are told apart.</summary>
internal enum Script
{
    /// <summary>No letters.</summary>
    None,
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Hebrew,
    Arabic,
    Syriac,
    Ethiopic,
    Georgian,
    Devanagari,
    Bengali,
    Gurmukhi,
    Gujarati,
    Oriya,
    Tamil,
    Telugu,
    Kannada,
    Malayalam,
    Sinhala,
    Thai,
    Lao,
    Tibetan,
    Myanmar,
    Khmer,
    Mongolian,
    Korean,

    /// <summary>Chinese characters alone: Chinese, or short Japanese.</summary>
    Chinese,

    /// <summary>Kana, alone or among Chinese characters.</summary>
    Japanese,

    /// <summary>Letters of any other script.</summary>
    Other,
}

/// <summary>Which script a text is written in, by the blocks of Unicode.</summary>
internal static class Scripts
{
    private static readonly (int First, int Last, Script Script)[] _blocks =
    [
        (0x0041, 0x024F, Script.Latin), (0x0250, 0x02FF, Script.Latin), // with phonetic letters
        (0x0370, 0x03FF, Script.Greek), (0x0400, 0x052F, Script.Cyrillic), (0x0530, 0x058F, Script.Armenian),
        (0x0590, 0x05FF, Script.Hebrew), (0x0600, 0x06FF, Script.Arabic), (0x0700, 0x074F, Script.Syriac),
        (0x0750, 0x077F, Script.Arabic), (0x0860, 0x086F, Script.Syriac), (0x0870, 0x08FF, Script.Arabic),
        (0x0900, 0x097F, Script.Devanagari), (0x0980, 0x09FF, Script.Bengali), (0x0A00, 0x0A7F, Script.Gurmukhi),
        (0x0A80, 0x0AFF, Script.Gujarati), (0x0B00, 0x0B7F, Script.Oriya), (0x0B80, 0x0BFF, Script.Tamil),
        (0x0C00, 0x0C7F, Script.Telugu), (0x0C80, 0x0CFF, Script.Kannada), (0x0D00, 0x0D7F, Script.Malayalam),
        (0x0D80, 0x0DFF, Script.Sinhala), (0x0E00, 0x0E7F, Script.Thai), (0x0E80, 0x0EFF, Script.Lao),
        (0x0F00, 0x0FFF, Script.Tibetan), (0x1000, 0x109F, Script.Myanmar), (0x10A0, 0x10FF, Script.Georgian),
        (0x1100, 0x11FF, Script.Korean), (0x1200, 0x139F, Script.Ethiopic), (0x1780, 0x17FF, Script.Khmer),
        (0x1800, 0x18AF, Script.Mongolian), (0x1C80, 0x1C8F, Script.Cyrillic), (0x1C90, 0x1CBF, Script.Georgian),
        (0x1D00, 0x1DBF, Script.Latin), (0x1E00, 0x1EFF, Script.Latin), (0x1F00, 0x1FFF, Script.Greek),
        (0x2C60, 0x2C7F, Script.Latin), (0x2D00, 0x2D2F, Script.Georgian), (0x2D80, 0x2DDF, Script.Ethiopic),
        (0x2DE0, 0x2DFF, Script.Cyrillic), (0x3005, 0x3007, Script.Chinese), (0x3040, 0x30FF, Script.Japanese),
        (0x3100, 0x312F, Script.Chinese), (0x3130, 0x318F, Script.Korean), (0x31F0, 0x31FF, Script.Japanese),
        (0x3400, 0x4DBF, Script.Chinese), (0x4E00, 0x9FFF, Script.Chinese), (0xA640, 0xA69F, Script.Cyrillic),
        (0xA720, 0xA7FF, Script.Latin), (0xA8E0, 0xA8FF, Script.Devanagari), (0xA960, 0xA97F, Script.Korean),
        (0xAB30, 0xAB6F, Script.Latin), (0xAC00, 0xD7FF, Script.Korean), (0xF900, 0xFAFF, Script.Chinese),
        (0xFB00, 0xFB0F, Script.Latin), (0xFB13, 0xFB17, Script.Armenian), (0xFB1D, 0xFB4F, Script.Hebrew),
        (0xFB50, 0xFDFF, Script.Arabic), (0xFE70, 0xFEFF, Script.Arabic), (0xFF21, 0xFF5A, Script.Latin),
        (0xFF66, 0xFF9F, Script.Japanese), (0x20000, 0x323AF, Script.Chinese),
    ];

    /// <summary>The script of most letters of a text; where none has more than half, <see cref="Script.None"/>.</summary>
    public static Script Of(ReadOnlySpan<char> text)
    {
        Span<int> letters = stackalloc int[(int)Script.Other + 1];
        letters.Clear();
        int total = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            int c = rune.Value;
            if (c < 0x80 ? !char.IsAsciiLetter((char)c) : !System.Text.Rune.IsLetter(rune))
                continue;
            letters[(int)(c < 0x80 ? Script.Latin : Of(c))]++;
            total++;
        }
        // Japanese writes the stems of its words in Chinese characters.
        if (letters[(int)Script.Japanese] > 0)
        {
            letters[(int)Script.Japanese] += letters[(int)Script.Chinese];
            letters[(int)Script.Chinese] = 0;
        }
        for (int script = 1; script < letters.Length; script++)
        {
            if (2 * letters[script] > total)
                return (Script)script;
        }
        return Script.None;
    }

    /// <summary>Whether words have spaces between them.</summary>
    public static bool HasSpaces(Script script) =>
        script is not (Script.Chinese or Script.Japanese or Script.Thai or Script.Lao or Script.Tibetan or Script.Myanmar or Script.Khmer);

    /// <summary>Whether texts of one script belong among those of another: Japanese and Korean are now and then written in
    /// Chinese characters alone.</summary>
    public static bool IsAtHome(Script script, Script among) =>
        script == among || (script == Script.Chinese && among is Script.Japanese or Script.Korean);

    private static Script Of(int letter)
    {
        int low = 0, high = _blocks.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (letter < _blocks[middle].First)
                high = middle - 1;
            else if (letter > _blocks[middle].Last)
                low = middle + 1;
            else
                return _blocks[middle].Script;
        }
        return Script.Other;
    }
}
