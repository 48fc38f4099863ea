using System.Globalization;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>How figures are summed up and shown.</summary>
internal static class Figures
{
    /// <summary>A line with a point for the decimals, wherever it runs.</summary>
    public static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
