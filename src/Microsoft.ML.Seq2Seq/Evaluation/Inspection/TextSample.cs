using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Rows of all the data in equal measure, of a bounded number of characters. Each row draws a number; as long as all
/// fit, all are kept, and after that those below a bound that halves whenever they don't.</summary>
internal sealed class TextSample(long mostCharacters = TextSample.MostCharacters)
{
    /// <summary>Some 35,000 pairs of sentences: half of their tokens are a million, enough to know a vocabulary by.</summary>
    public const long MostCharacters = 4_000_000;

    private List<(ulong Draw, string Source, string Target)> _rows = [];
    private long _characters;
    private int _halvings;

    /// <summary>Rows of the data for each one here.</summary>
    public double Scale => Math.Pow(2, _halvings);

    public IEnumerable<(string Source, string Target)> Rows => _rows.Select(row => (row.Source, row.Target));

    public int Count => _rows.Count;

    public void Add(TextRow row)
    {
        ulong draw = SplitMix64.Mix((ulong)row.Number);
        if (draw > ulong.MaxValue >> _halvings)
            return;
        _rows.Add((draw, row.Source, row.Target));
        _characters += row.Source.Length + row.Target.Length;
        while (_characters > mostCharacters && _rows.Count > 1)
        {
            _halvings++;
            _rows = [.. _rows.Where(kept => kept.Draw <= ulong.MaxValue >> _halvings)];
            _characters = _rows.Sum(kept => (long)kept.Source.Length + kept.Target.Length);
        }
    }
}
