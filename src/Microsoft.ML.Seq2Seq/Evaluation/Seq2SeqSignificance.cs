using Microsoft.ML.Seq2Seq.Evaluation;

namespace Microsoft.ML.Seq2Seq;

/// <summary>Whether a score, or the difference between two, is more than chance. The numbers equal sacreBLEU's up to the
/// random draws, except that systems alike in every row have the p-value 1.</summary>
public static class Seq2SeqSignificance
{
    /// <summary>A system's score with its 95 % interval, by bootstrap resampling (Koehn 2004).</summary>
    /// <param name="hypotheses">The outputs, a row each.</param>
    /// <param name="references">The references of each row, one or more.</param>
    /// <exception cref="ArgumentException">There are no rows, or not as many references as hypotheses.</exception>
    public static SystemScore Estimate(
        IReadOnlyList<string?> hypotheses,
        IReadOnlyList<IReadOnlyList<string?>> references,
        SignificanceOptions? options = null)
    {
        options = Checked(options);
        RowStatistics system = Measure(hypotheses, nameof(hypotheses), references, options);
        return Resampling.Summarize(system, system.Bootstrap(options.Resamples, options.Seed));
    }

    /// <summary>Two systems' scores with their 95 % intervals, and the p-value of the difference.</summary>
    /// <param name="baseline">The first system's outputs, a row each.</param>
    /// <param name="system">The second system's outputs for the same rows.</param>
    /// <param name="references">The references of each row, one or more.</param>
    /// <exception cref="ArgumentException">There are no rows, or not as many of one as of another.</exception>
    public static SystemComparison Compare(
        IReadOnlyList<string?> baseline,
        IReadOnlyList<string?> system,
        IReadOnlyList<IReadOnlyList<string?>> references,
        SignificanceOptions? options = null)
    {
        options = Checked(options);
        RowStatistics first = Measure(baseline, nameof(baseline), references, options);
        RowStatistics second = Measure(system, nameof(system), references, options);

        // The same seed draws the same rows for both, as the paired bootstrap needs.
        double[] firstScores = first.Bootstrap(options.Resamples, options.Seed);
        double[] secondScores = second.Bootstrap(options.Resamples, options.Seed);
        double p = first.IsSameAs(second)
            ? 1
            : options.Test == SignificanceTest.ApproximateRandomization
                ? Resampling.Randomization(first, second, options.Trials, options.Seed, options.TiesCount)
                : Resampling.PairedBootstrap(first.Score - second.Score, firstScores, secondScores, options.TiesCount);
        return new SystemComparison(options.Metric, Resampling.Summarize(first, firstScores),
            Resampling.Summarize(second, secondScores), p, options.Test, first.Rows);
    }

    private static SignificanceOptions Checked(SignificanceOptions? options)
    {
        options ??= new SignificanceOptions();
        options.Validate();
        return options;
    }

    private static RowStatistics Measure(
        IReadOnlyList<string?> hypotheses, string name, IReadOnlyList<IReadOnlyList<string?>> references,
        SignificanceOptions options)
    {
        ArgumentNullException.ThrowIfNull(hypotheses, name);
        ArgumentNullException.ThrowIfNull(references);
        if (hypotheses.Count == 0)
            throw new ArgumentException($"{name} has no rows; allowed: 1 or more.", name);
        if (hypotheses.Count != references.Count)
        {
            throw new ArgumentException(
                $"{name} has {hypotheses.Count} rows and references {references.Count}; allowed: as many of one as of the other.",
                name);
        }

        return new RowStatistics(
            CorpusMetric.Create(options.Metric, options.Evaluation ?? new EvaluationOptions()), hypotheses, references);
    }
}
