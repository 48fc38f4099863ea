namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Word or character error rate: edits for each unit of the reference.</summary>
internal sealed class ErrorRate(bool words) : CorpusMetric
{
    private readonly SequenceComparer _comparer = new();
    private readonly SymbolTrie _words = new();
    private readonly List<int> _text = [];
    private readonly List<int> _hypothesis = [];
    private readonly List<int> _reference = [];

    /// <summary>Edits, length of the reference.</summary>
    public override int Width => 2;

    public override void Measure(string hypothesis, IReadOnlyList<string> references, Span<double> statistics)
    {
        _words.Clear();
        Read(hypothesis, _hypothesis);
        double best = double.PositiveInfinity;
        for (int i = 0; i < references.Count; i++)
        {
            Read(references[i], _reference);
            int edits = _comparer.Distance(_hypothesis.Span(), _reference.Span());
            double rate = Rate(edits, _reference.Count);
            if (i == 0 || rate < best)
            {
                best = rate;
                statistics[0] = edits;
                statistics[1] = _reference.Count;
            }
        }
    }

    public override double Score(ReadOnlySpan<double> sum) => Rate(sum[0], sum[1]);

    // Output against nothing is wrong, nothing against nothing right.
    private static double Rate(double edits, double length) => length > 0 ? edits / length : edits > 0 ? 1 : 0;

    private void Read(string segment, List<int> units)
    {
        units.Clear();
        if (words)
        {
            _text.Clear();
            Text.Append(_text, segment);
            Text.AppendWords(units, _text.Span(), _words);
        }
        else
        {
            Text.Append(units, segment);
        }
    }
}
