using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>A metric's numbers for every row of a corpus.</summary>
internal sealed class RowStatistics
{
    private readonly CorpusMetric _metric;
    private readonly double[] _numbers;   // (rows, width)

    public RowStatistics(
        CorpusMetric metric, IReadOnlyList<string?> hypotheses, IReadOnlyList<IReadOnlyList<string?>> references)
    {
        _metric = metric;
        Rows = hypotheses.Count;
        _numbers = new double[Rows * Width];
        Sum = new double[Width];
        for (int i = 0; i < Rows; i++)
        {
            Span<double> row = _numbers.AsSpan(i * Width, Width);
            metric.Measure(hypotheses[i] ?? "", MetricAccumulator.References(references[i]), row);
            Add(Sum, row);
        }

        Score = metric.Score(Sum);
    }

    public int Rows { get; }

    public int Width => _metric.Width;

    public double[] Sum { get; }

    public double Score { get; }

    public ReadOnlySpan<double> this[int row] => _numbers.AsSpan(row * Width, Width);

    /// <summary>Whether the two are alike in every row.</summary>
    public bool IsSameAs(RowStatistics other) => _numbers.AsSpan().SequenceEqual(other._numbers);

    public double ScoreOf(ReadOnlySpan<double> sum) => _metric.Score(sum);

    /// <summary>Scores of as many rows, drawn with replacement; each sample has its own random numbers.</summary>
    public double[] Bootstrap(int samples, int seed)
    {
        double[] scores = new double[samples];
        double[] sum = new double[Width];
        for (int sample = 0; sample < samples; sample++)
        {
            var random = new SplitMix64(SplitMix64.Combine((ulong)seed, (ulong)sample));
            Array.Clear(sum);
            for (int i = 0; i < Rows; i++)
                Add(sum, this[random.NextBelow(Rows)]);
            scores[sample] = ScoreOf(sum);
        }

        return scores;
    }

    public static void Add(Span<double> sum, ReadOnlySpan<double> row)
    {
        for (int i = 0; i < row.Length; i++)
            sum[i] += row[i];
    }
}

/// <summary>Intervals and p-values from rows' statistics.</summary>
internal static class Resampling
{
    // Sums of thirds in another order differ in their last digits; that makes no trial more or less extreme.
    private const double Tie = 1e-9;

    /// <summary>Mean and 95 % interval of resampled scores: a fortieth of them lies beyond either end.</summary>
    public static SystemScore Summarize(RowStatistics system, ReadOnlySpan<double> scores)
    {
        double[] sorted = scores.ToArray();
        Array.Sort(sorted);
        int outside = sorted.Length / 40;
        return new SystemScore(system.Score, sorted.Average(), sorted[outside], sorted[^(outside + 1)]);
    }

    /// <summary>The paired approximate-randomization test: the share of trials, the systems themselves among them, that
    /// come out farther apart than the systems, or as far where ties count.</summary>
    public static double Randomization(RowStatistics first, RowStatistics second, int trials, int seed, bool countTies)
    {
        // Swapping a row adds its difference to one system and takes it from the other; equal rows change nothing.
        int width = first.Width;
        var differences = new List<double>();
        for (int row = 0; row < first.Rows; row++)
        {
            if (first[row].SequenceEqual(second[row]))
                continue;
            for (int i = 0; i < width; i++)
                differences.Add(second[row][i] - first[row][i]);
        }

        double threshold = Threshold(first.Score - second.Score, countTies);
        ReadOnlySpan<double> swaps = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(differences);
        double[] swapped = new double[width], firstSum = new double[width], secondSum = new double[width];
        int farther = 0;
        for (int trial = 0; trial < trials; trial++)
        {
            var random = new SplitMix64(SplitMix64.Combine((ulong)seed, (ulong)trial));
            Array.Clear(swapped);
            ulong coins = 0;
            for (int row = 0; row * width < swaps.Length; row++, coins >>= 1)
            {
                if (row % 64 == 0)
                    coins = random.Next();
                if ((coins & 1) != 0)
                    RowStatistics.Add(swapped, swaps.Slice(row * width, width));
            }

            for (int i = 0; i < width; i++)
            {
                firstSum[i] = first.Sum[i] + swapped[i];
                secondSum[i] = second.Sum[i] - swapped[i];
            }

            if (Math.Abs(first.ScoreOf(firstSum) - second.ScoreOf(secondSum)) > threshold)
                farther++;
        }

        return (farther + 1.0) / (trials + 1.0);
    }

    /// <summary>The paired bootstrap: the share of samples whose difference strays above their mean by more than the
    /// difference of the systems, or as much where ties count.</summary>
    public static double PairedBootstrap(
        double difference, ReadOnlySpan<double> first, ReadOnlySpan<double> second, bool countTies)
    {
        double[] apart = new double[first.Length];
        for (int i = 0; i < apart.Length; i++)
            apart[i] = Math.Abs(first[i] - second[i]);
        double mean = apart.Average();
        double threshold = Threshold(difference, countTies);
        int farther = apart.Count(distance => distance - mean > threshold);
        return (farther + 1.0) / (apart.Length + 1.0);
    }

    private static double Threshold(double difference, bool countTies)
        => Math.Abs(difference) + (countTies ? -Tie : Tie);
}
