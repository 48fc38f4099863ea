namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Adds up metrics by the length of the source, so finely that groups of about as many rows can be made of it in the
/// end: the sums of a metric's statistics can be added.</summary>
internal sealed class LengthGroups
{
    private const int Groups = 6, StepsToDouble = 16;

    private readonly Bleu _bleu = new(new EvaluationOptions());
    private readonly ChrF _chrF = new(new EvaluationOptions(), wordOrder: 0);
    private readonly SortedDictionary<int, Sums> _steps = [];
    private readonly double[] _row;

    public LengthGroups() => _row = new double[_bleu.Width + _chrF.Width];

    /// <returns>The row's chrF.</returns>
    public double Add(TextRow row)
    {
        int length = row.Source.Length;
        int step = length == 0 ? 0 : 1 + (int)(StepsToDouble * Math.Log2(length));
        if (!_steps.TryGetValue(step, out var sums))
            _steps.Add(step, sums = new Sums(_row.Length));
        string[] label = [row.Target];
        _bleu.Measure(row.Predicted!, label, _row.AsSpan(0, _bleu.Width));
        _chrF.Measure(row.Predicted!, label, _row.AsSpan(_bleu.Width));
        var one = new Sums(_row.Length) { Rows = 1, From = length, To = length, Exact = row.Predicted == row.Target ? 1 : 0 };
        _row.CopyTo(one.Metrics, 0);
        if (float.IsFinite(row.Score))
            (one.Scores, one.Scored) = (row.Score, 1);
        sums.Add(one);
        return _chrF.Score(_row.AsSpan(_bleu.Width));
    }

    public LengthGroup Whole()
    {
        var whole = new Sums(_row.Length);
        foreach (var sums in _steps.Values)
            whole.Add(sums);
        return Group(whole);
    }

    public IReadOnlyList<LengthGroup> ByLength()
    {
        long rows = _steps.Values.Sum(sums => sums.Rows), seen = 0;
        var groups = new List<Sums>();
        foreach (var sums in _steps.Values)
        {
            // A step belongs where its middle row does.
            int group = (int)(Groups * (seen + (sums.Rows / 2)) / rows);
            if (groups.Count == 0 || group > groups[^1].Number)
                groups.Add(new Sums(_row.Length) { Number = group });
            groups[^1].Add(sums);
            seen += sums.Rows;
        }
        return [.. groups.Select(Group)];
    }

    private LengthGroup Group(Sums sums) => new(
        sums.From, sums.To, sums.Rows,
        sums.Rows > 0 ? _bleu.Score(sums.Metrics.AsSpan(0, _bleu.Width)) : double.NaN,
        sums.Rows > 0 ? _chrF.Score(sums.Metrics.AsSpan(_bleu.Width)) : double.NaN,
        (double)sums.Exact / sums.Rows,
        sums.Scored > 0 ? sums.Scores / sums.Scored : double.NaN);

    private sealed class Sums(int width)
    {
        public double[] Metrics { get; } = new double[width];

        public int Number, From = int.MaxValue, To;
        public long Rows, Exact, Scored;
        public double Scores;

        public void Add(Sums other)
        {
            From = Math.Min(From, other.From);
            To = Math.Max(To, other.To);
            Rows += other.Rows;
            Exact += other.Exact;
            Scored += other.Scored;
            Scores += other.Scores;
            for (int i = 0; i < Metrics.Length; i++)
                Metrics[i] += other.Metrics[i];
        }
    }
}
