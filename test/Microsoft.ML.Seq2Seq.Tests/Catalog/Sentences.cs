namespace Microsoft.ML.Seq2Seq.Tests.Catalog;

/// <summary>A row of two texts.</summary>
internal sealed class Row
{
    public string? Source { get; set; } = "";

    public string? Target { get; set; } = "";

    public int Number { get; set; }
}

/// <summary>Sentences of a made-up language and their translations.</summary>
internal static class Sentences
{
    private static readonly string[] _words =
        ["tamo", "rilu", "kesan", "pado", "vini", "golam", "suthe", "bero", "nika", "yolu", "dwarf", "hexag", "jump", "quiz", "fonte", "zabre"];

    private static readonly string[] _translations =
        ["gehend", "laufen", "Wasser", "springt", "Baum", "kleiner", "oben", "Vogel", "zwei", "mit", "jung", "quer", "xylo", "Zahn", "dick", "fast"];

    public static Row[] Pairs(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            int[] words = [.. Enumerable.Range(0, 12).Select(_ => random.Next(_words.Length))];
            return new Row
            {
                Source = string.Join(' ', words.Select(word => _words[word])),
                Target = string.Join(' ', words.Select(word => _translations[word])),
                Number = i,
            };
        })];
    }
}
