namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Pairs of sentences of made-up words, as frequent as words are (the n-th about 1/n of the time).</summary>
internal static class SyntheticPairs
{
    private const int Words = 9000;

    private static readonly string[] _words = MakeWords();

    /// <summary>Made anew each time they are read, so that they take no memory; the same each time.</summary>
    public static IEnumerable<Row> Texts(int count, int shortest, int longest, Action<int>? onRow = null)
    {
        var random = new Random(1);
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < count; i++)
        {
            onRow?.Invoke(i);
            int length = random.Next(shortest, longest + 1);
            yield return new Row { Source = Sentence(length), Target = Sentence(Math.Max(1, length + random.Next(-2, 3))) };
        }

        string Sentence(int length)
        {
            text.Clear();
            for (int i = 0; i < length; i++)
                text.Append(i == 0 ? "" : " ").Append(_words[(int)Math.Pow(Words, random.NextDouble()) - 1]);
            return text.ToString();
        }
    }

    private static string[] MakeWords()
    {
        var random = new Random(2);
        var words = new HashSet<string>();
        while (words.Count < Words)
            words.Add(new string([.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => (char)('a' + random.Next(26)))]));
        return [.. words.OrderBy(word => word.Length).ThenBy(word => word, StringComparer.Ordinal)];
    }

    internal sealed class Row
    {
        public string Source { get; set; } = "";

        public string Target { get; set; } = "";
    }
}
