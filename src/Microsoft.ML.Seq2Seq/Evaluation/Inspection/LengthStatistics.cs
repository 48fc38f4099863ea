namespace Microsoft.ML.Seq2Seq;

/// <summary>How lengths are spread over rows.</summary>
public sealed record LengthStatistics
{
    /// <summary>Rows measured.</summary>
    public required long Rows { get; init; }

    /// <summary>Their average.</summary>
    public required double Mean { get; init; }

    /// <summary>A twentieth of the rows is no longer. Percentiles are exact up to 512 and within 1 % beyond.</summary>
    public required int Percentile5 { get; init; }

    /// <summary>Half of the rows are no longer.</summary>
    public required int Median { get; init; }

    /// <summary>All but a twentieth of the rows are no longer.</summary>
    public required int Percentile95 { get; init; }

    /// <summary>All but a hundredth of the rows are no longer.</summary>
    public required int Percentile99 { get; init; }

    /// <summary>The longest.</summary>
    public required int Maximum { get; init; }

    /// <summary>Rows by length, in steps of one size up to about <see cref="Percentile99"/>; the last step takes all that
    /// are longer.</summary>
    public required IReadOnlyList<LengthBin> Histogram { get; init; }
}

/// <summary>A bar of a histogram.</summary>
/// <param name="From">The shortest length in it.</param>
/// <param name="To">The longest.</param>
/// <param name="Rows">How many rows have such a length.</param>
public sealed record LengthBin(int From, int To, long Rows);
