using System.Globalization;
using System.Text;

namespace Microsoft.ML.Seq2Seq;

/// <summary>Rows of like confidence.</summary>
/// <param name="Lower">Confidences above this; the first bin holds 0 too.</param>
/// <param name="Upper">Up to and with this.</param>
/// <param name="Rows">How many rows; where there are none, the other two are NaN.</param>
/// <param name="MeanConfidence">What the model promises, 0 to 1.</param>
/// <param name="Accuracy">Share of the rows that are right, 0 to 1.</param>
public sealed record ReliabilityBin(double Lower, double Upper, int Rows, double MeanConfidence, double Accuracy);

/// <summary>What becomes of rows when those below a threshold go to a person.</summary>
/// <param name="Coverage">Share of rows that are kept, 0 to 1.</param>
/// <param name="Rows">How many they are.</param>
/// <param name="Threshold">The least confidence among them: keep the rows with at least that.</param>
/// <param name="Accuracy">Share of the kept rows that are right, 0 to 1.</param>
public sealed record CoveragePoint(double Coverage, int Rows, float Threshold, double Accuracy);

/// <summary>How far confidences can be trusted.</summary>
public sealed class ConfidenceMetrics
{
    private readonly (float Confidence, bool IsRight)[] _rows; // surest first

    /// <param name="rows">At least one, none NaN.</param>
    /// <param name="skippedRows">Rows without a confidence.</param>
    /// <param name="bins">Of the reliability table.</param>
    internal ConfidenceMetrics(IEnumerable<(float Confidence, bool IsRight)> rows, int skippedRows, int bins)
    {
        _rows = [.. rows.OrderByDescending(row => row.Confidence)];
        SkippedRows = skippedRows;
        int right = _rows.Count(row => row.IsRight);
        Accuracy = (double)right / _rows.Length;
        MeanConfidence = _rows.Average(row => (double)row.Confidence);
        BrierScore = _rows.Average(row => Math.Pow(row.Confidence - (row.IsRight ? 1 : 0), 2));
        AreaUnderRocCurve = RankedRight(right);
        Bins = Reliability(bins);
        ExpectedCalibrationError = Bins.Where(bin => bin.Rows > 0)
            .Sum(bin => bin.Rows * Math.Abs(bin.Accuracy - bin.MeanConfidence)) / _rows.Length;
        Coverage = [.. Enumerable.Range(0, 20).Select(i => Keep(1 - (0.05 * i))), Keep(0.01)];
    }

    /// <summary>Rows measured.</summary>
    public int Rows => _rows.Length;

    /// <summary>Rows left out because their confidence is NaN: those with an empty source.</summary>
    public int SkippedRows { get; }

    /// <summary>Share of rows that are right, 0 to 1.</summary>
    public double Accuracy { get; }

    /// <summary>Mean of the confidences, 0 to 1: the accuracy that they promise.</summary>
    public double MeanConfidence { get; }

    /// <summary>How far accuracy and confidence lie apart in a bin of <see cref="Bins"/>, averaged over rows: 0 is perfect
    /// (Naeini et al. 2015, Guo et al. 2017, who take 15 bins of equal width too). With few rows chance alone adds to
    /// it.</summary>
    public double ExpectedCalibrationError { get; }

    /// <summary>Mean squared distance of the confidence from 1 for right and 0 for wrong rows (Brier 1950): 0 is perfect. It
    /// rewards both honest and telling confidences.</summary>
    public double BrierScore { get; }

    /// <summary>The chance that a right row has a higher confidence than a wrong one, ties counted half: 1 separates all,
    /// 0.5 is no use. It depends on the order of the confidences alone. NaN where all rows are right or all wrong.</summary>
    public double AreaUnderRocCurve { get; }

    /// <summary>The reliability table: confidence against accuracy, in bins of equal width.</summary>
    public IReadOnlyList<ReliabilityBin> Bins { get; }

    /// <summary>The coverage table: the accuracy of the rows kept when all are, the surest 95 %, 90 % … 5 %, 1 %. Rows of the
    /// same confidence stay together, so more may be kept.</summary>
    public IReadOnlyList<CoveragePoint> Coverage { get; }

    /// <summary>Keeps as many rows as possible at a wished accuracy. Choose the threshold on validation rows, not on those that
    /// the result is reported on.</summary>
    /// <param name="accuracy">Share of the kept rows that should be right, 0 to 1.</param>
    /// <returns>Null where no threshold gives that.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The accuracy is not 0 to 1.</exception>
    public CoveragePoint? AtAccuracy(double accuracy)
    {
        Runtime.OptionCheck.That(accuracy is >= 0 and <= 1, nameof(accuracy), accuracy, "0 to 1");
        int right = 0, most = 0;
        for (int i = 0; i < _rows.Length; i++)
        {
            right += _rows[i].IsRight ? 1 : 0;
            if (IsLastOfTie(i) && (double)right / (i + 1) >= accuracy)
                most = i + 1;
        }
        return most == 0 ? null : Keep(most);
    }

    /// <summary>Both tables, to print.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Expected calibration error {ExpectedCalibrationError:F4}   Brier score {BrierScore:F4}   ")
            .Append(CultureInfo.InvariantCulture, $"AUROC {AreaUnderRocCurve:F4}   {Rows} rows, {SkippedRows} skipped\n\n")
            .Append("Confidence            Rows    Mean  Accuracy\n");
        foreach (var bin in Bins.Where(bin => bin.Rows > 0))
            text.Append(CultureInfo.InvariantCulture, $"{bin.Lower:F3} to {bin.Upper:F3} {bin.Rows,11}  {bin.MeanConfidence:F4}    {bin.Accuracy:F4}\n");
        text.Append("\nCoverage        Rows  Threshold  Accuracy\n");
        foreach (var point in Coverage)
            text.Append(CultureInfo.InvariantCulture, $"{100 * point.Coverage,6:F1} % {point.Rows,11}     {point.Threshold:F4}    {point.Accuracy:F4}\n");
        return text.ToString();
    }

    /// <summary>The surest rows, at least the share given.</summary>
    private CoveragePoint Keep(double share) => Keep(Math.Max(1, (int)Math.Ceiling((share * _rows.Length) - 1e-9)));

    private CoveragePoint Keep(int rows)
    {
        while (!IsLastOfTie(rows - 1))
            rows++;
        int right = _rows.Take(rows).Count(row => row.IsRight);
        return new CoveragePoint((double)rows / _rows.Length, rows, _rows[rows - 1].Confidence, (double)right / rows);
    }

    private bool IsLastOfTie(int row) => row == _rows.Length - 1 || _rows[row].Confidence != _rows[row + 1].Confidence;

    private ReliabilityBin[] Reliability(int bins)
    {
        var sums = new (int Rows, double Confidence, int Right)[bins];
        foreach (var (confidence, isRight) in _rows)
        {
            ref var sum = ref sums[Math.Clamp((int)Math.Ceiling((double)confidence * bins) - 1, 0, bins - 1)];
            sum = (sum.Rows + 1, sum.Confidence + confidence, sum.Right + (isRight ? 1 : 0));
        }
        return [.. sums.Select((sum, i) => new ReliabilityBin(
            (double)i / bins, (i + 1.0) / bins, sum.Rows, sum.Confidence / sum.Rows, (double)sum.Right / sum.Rows))];
    }

    /// <summary>Pairs of a right and a wrong row in the right order, as a share of all (Mann and Whitney 1947).</summary>
    private double RankedRight(int right)
    {
        double pairs = 0;
        int wrongAbove = 0;
        for (int start = 0, end; start < _rows.Length; start = end)
        {
            for (end = start + 1; !IsLastOfTie(end - 1); end++)
            {
            }
            int rightHere = _rows[start..end].Count(row => row.IsRight), wrongHere = end - start - rightHere;
            pairs += rightHere * (_rows.Length - right - wrongAbove - (wrongHere / 2.0));
            wrongAbove += wrongHere;
        }
        return pairs / ((double)right * (_rows.Length - right));
    }
}
