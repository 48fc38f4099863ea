namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>
/// Which rows are out of proportion. The measure is log((t + 10) / (s + 10)) of the characters of both sides: ten more on
/// each, so that short texts, whose proportion varies by nature, are not blamed for it. Far out is what is many standard
/// deviations from the median, and these are estimated from the median absolute deviation, which the rows to be found
/// don't sway.
/// </summary>
internal sealed class RatioTally
{
    private const double Added = 10, StepsToOne = 200, Widest = 16;
    private const double DeviationsInMedianDeviation = 1.4826; // of a normal distribution

    /// <summary>Where nearly all rows have one proportion, as in copying, a little more or less is still in order: with 5
    /// standard deviations, a factor of 1.65.</summary>
    private const double LeastDeviation = 0.1;

    private readonly long[] _counts = new long[(int)(2 * Widest * StepsToOne) + 1];
    private readonly ExtremeRows _shortest, _longest;
    private long _rows;

    public RatioTally(int mostExamples)
    {
        _shortest = new ExtremeRows(mostExamples);
        _longest = new ExtremeRows(mostExamples);
    }

    public static double Measure(int source, int target) => Math.Log((target + Added) / (source + Added));

    public void Add(TextRow row)
    {
        double measure = Measure(row.Source.Length, row.Target.Length);
        int step = StepOf(measure);
        _counts[step]++;
        _rows++;
        _shortest.Add(measure, row);
        _longest.Add(-measure, row);
    }

    /// <summary>Target characters for each source character in the middle row; the rows that are further from it than so
    /// many standard deviations, the most extreme as examples.</summary>
    public RatioOutliers Outliers(double deviations)
    {
        if (_rows == 0)
            return new RatioOutliers(double.NaN, double.NaN, 0, []);
        int median = MedianStep();
        double deviation = DeviationsInMedianDeviation * MedianDistance(median) / StepsToOne;
        double limit = deviations * Math.Max(LeastDeviation, deviation);
        int reach = (int)Math.Ceiling(limit * StepsToOne);
        long count = 0;
        for (int step = 0; step < _counts.Length; step++)
            count += Math.Abs(step - median) > reach ? _counts[step] : 0;

        var examples = _shortest.InOrder().Concat(_longest.InOrder())
            .Select(item => (Distance: Math.Abs(StepOf(Measure(item.Row.Source.Length, item.Row.Target.Length)) - median), item.Row))
            .Where(item => item.Distance > reach)
            .DistinctBy(item => item.Row.Number)
            .OrderByDescending(item => item.Distance).ThenBy(item => item.Row.Number)
            .Select(item => item.Row);
        return new RatioOutliers(Math.Exp(MeasureOf(median)), Math.Exp(reach / StepsToOne), count, [.. examples]);
    }

    private static double MeasureOf(int step) => (step / StepsToOne) - Widest;

    private static int StepOf(double measure) => (int)Math.Round((Math.Clamp(measure, -Widest, Widest) + Widest) * StepsToOne);

    private int MedianStep()
    {
        long seen = 0;
        for (int step = 0; ; step++)
        {
            seen += _counts[step];
            if (2 * seen >= _rows)
                return step;
        }
    }

    /// <summary>Half of the rows are no further from the centre.</summary>
    private int MedianDistance(int centre)
    {
        long seen = _counts[centre];
        int distance = 0;
        while (2 * seen < _rows)
        {
            distance++;
            seen += (centre - distance >= 0 ? _counts[centre - distance] : 0)
                + (centre + distance < _counts.Length ? _counts[centre + distance] : 0);
        }
        return distance;
    }
}

/// <param name="Median">Target to source in the middle row.</param>
/// <param name="Factor">By how much a row's proportion may differ from that.</param>
internal sealed record RatioOutliers(double Median, double Factor, long Count, IReadOnlyList<TextRow> Examples);
