namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Text that says the same again and again.</summary>
internal static class Repetition
{
    private const int LongestPhrase = 16, ShortestRun = 6;

    /// <summary>How often in a row a text has the same phrase, of up to 16 words; of words of one text without spaces, of up to
    /// 16 characters, as long as the phrases are six characters together. 1 where nothing is repeated.</summary>
    public static (int Times, string Phrase) Most(string text)
    {
        string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var (times, start, length) = Most<string>(words, shortest: 1);
        if (times > 1)
            return (times, string.Join(' ', words[start..(start + length)]));
        (times, start, length) = Most(text.AsSpan(), ShortestRun);
        return times > 1 ? (times, text.Substring(start, length)) : (1, "");
    }

    private static (int Times, int Start, int Length) Most<T>(ReadOnlySpan<T> items, int shortest)
        where T : IEquatable<T>
    {
        var best = (Times: 1, Start: 0, Length: 0);
        for (int period = 1; period <= LongestPhrase && period <= items.Length / 2; period++)
        {
            int run = 0; // items that equal the one a period before
            for (int i = period; i < items.Length; i++)
            {
                run = items[i].Equals(items[i - period]) ? run + 1 : 0;
                int times = (run / period) + 1;
                if (times > best.Times && times * period >= shortest)
                    best = (times, i - (times * period) + 1, period);
            }
        }
        return best;
    }
}
