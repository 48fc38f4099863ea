using System.Globalization;

namespace Microsoft.ML.Seq2Seq;

/// <summary>A system's score and how far it would stray on other rows of the same kind.</summary>
/// <param name="Score">The score on the rows given.</param>
/// <param name="Mean">Mean of the scores on rows drawn anew.</param>
/// <param name="Lower">Lower end of the interval that holds 95 % of them.</param>
/// <param name="Upper">Upper end of that interval.</param>
public sealed record SystemScore(double Score, double Mean, double Lower, double Upper)
{
    /// <summary>Half the interval: what sacreBLEU prints behind its ±.</summary>
    public double Margin => (Upper - Lower) / 2;

    /// <summary>The score, the mean and the margin.</summary>
    public override string ToString()
        => string.Create(CultureInfo.InvariantCulture, $"{Score:G6} (μ = {Mean:G6} ± {Margin:G3})");
}

/// <summary>Two systems on the same rows.</summary>
/// <param name="Metric">What was measured.</param>
/// <param name="Baseline">The first system.</param>
/// <param name="System">The second system.</param>
/// <param name="PValue">How likely so large a difference is, in either direction, if the two are equally good; below 0.05 a
/// difference is commonly called significant.</param>
/// <param name="Test">How the p-value was found.</param>
/// <param name="Rows">Rows compared.</param>
public sealed record SystemComparison(
    EvaluationMetric Metric, SystemScore Baseline, SystemScore System, double PValue, SignificanceTest Test, int Rows)
{
    /// <summary>The second system's score less the first's.</summary>
    public double Difference => System.Score - Baseline.Score;

    /// <summary>A table to print.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Metric} on {Rows} rows\nbaseline  {Baseline}\nsystem    {System}\n")
        + string.Create(CultureInfo.InvariantCulture,
            $"difference {Difference:+0.####;-0.####;0}, p {Chance} ({Test})");

    private string Chance => PValue < 0.0001 ? "< 0.0001" : PValue.ToString("= 0.####", CultureInfo.InvariantCulture);
}
