namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Pearson's correlation of pairs that come one at a time (Welford's updates).</summary>
internal sealed class Correlation
{
    private double _meanX, _meanY, _xx, _yy, _xy;

    public long Count { get; private set; }

    /// <summary>NaN for fewer than two pairs, and where one side doesn't vary.</summary>
    public double Value => _xx > 0 && _yy > 0 ? _xy / Math.Sqrt(_xx * _yy) : double.NaN;

    public void Add(double x, double y)
    {
        Count++;
        double dx = x - _meanX, dy = y - _meanY;
        _meanX += dx / Count;
        _meanY += dy / Count;
        _xx += dx * (x - _meanX);
        _yy += dy * (y - _meanY);
        _xy += dx * (y - _meanY);
    }
}
