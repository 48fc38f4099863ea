namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Counts lengths: each up to 512 by itself, and 64 steps to the double beyond.</summary>
internal sealed class LengthTally
{
    private const int Exact = 512, StepsToDouble = 64, Bars = 24;

    private readonly List<long> _counts = [];
    private long _rows, _sum;
    private int _maximum;

    public void Add(int length)
    {
        int step = StepOf(length);
        while (_counts.Count <= step)
            _counts.Add(0);
        _counts[step]++;
        _rows++;
        _sum += length;
        _maximum = Math.Max(_maximum, length);
    }

    public LengthStatistics Statistics() => new()
    {
        Rows = _rows,
        Mean = _rows > 0 ? (double)_sum / _rows : double.NaN,
        Percentile5 = Percentile(0.05),
        Median = Percentile(0.5),
        Percentile95 = Percentile(0.95),
        Percentile99 = Percentile(0.99),
        Maximum = _maximum,
        Histogram = Histogram(),
    };

    private int Percentile(double share)
    {
        long wanted = (long)Math.Ceiling(share * _rows), seen = 0;
        for (int step = 0; step < _counts.Count; step++)
        {
            seen += _counts[step];
            if (seen >= wanted && seen > 0)
                return LengthOf(step);
        }
        return 0;
    }

    private LengthBin[] Histogram()
    {
        if (_rows == 0)
            return [];
        int width = Math.Max(1, (Percentile(0.99) + Bars) / Bars);
        int bars = Math.Min(Bars, (_maximum / width) + 1);
        long[] rows = new long[bars];
        for (int step = 0; step < _counts.Count; step++)
            rows[Math.Min(bars - 1, LengthOf(step) / width)] += _counts[step];
        return [.. rows.Select((count, i) => new LengthBin(i * width, i == bars - 1 ? Math.Max(_maximum, (i * width) + width - 1) : (i * width) + width - 1, count))];
    }

    private static int StepOf(int length) =>
        length < Exact ? length : Exact + (int)(StepsToDouble * Math.Log2((double)length / Exact));

    private static int LengthOf(int step) =>
        step < Exact ? step : (int)Math.Round(Exact * Math.Pow(2, (double)(step - Exact) / StepsToDouble));
}
