namespace Microsoft.ML.Seq2Seq;

/// <summary>One thing that an inspection found.</summary>
public sealed record DataFinding
{
    /// <summary>What it is.</summary>
    public required FindingKind Kind { get; init; }

    /// <summary>How much it matters.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>The column it is about; null where it is about whole rows, or about all of the data.</summary>
    public string? ColumnName { get; init; }

    /// <summary>How many rows it concerns; for <see cref="FindingKind.UnknownTokens"/> and
    /// <see cref="FindingKind.RareTokens"/>, tokens.</summary>
    public required long Count { get; init; }

    /// <summary>The count as a share of all such rows or tokens, 0 to 1.</summary>
    public required double Share { get; init; }

    /// <summary>What was found, in one sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>What to do about it.</summary>
    public required string Advice { get; init; }

    /// <summary>Some of the rows: the first ones, or the most extreme where there is more or less of it. Empty where the
    /// finding is about no single row, and where <see cref="InspectionOptions.ExampleRows"/> is 0.</summary>
    public IReadOnlyList<ExampleRow> Examples { get; init; } = [];
}

/// <summary>A row shown as an example.</summary>
/// <param name="Row">Its number in the data, counted from 1; in the validation set, where the finding is about that.</param>
/// <param name="Source">Its source; the end of a very long one is cut off.</param>
/// <param name="Target">Its target, cut alike.</param>
public sealed record ExampleRow(long Row, string Source, string Target)
{
    private const int MostCharacters = 500;

    /// <summary>What the model wrote, cut alike; null before training.</summary>
    public string? Predicted { get; init; }

    /// <summary>What is special about the row, such as the row that it repeats; null where the finding says it
    /// all.</summary>
    public string? Note { get; init; }

    internal static ExampleRow Of(TextRow row, string? note = null) => new(row.Number, Cut(row.Source), Cut(row.Target))
    {
        Predicted = row.Predicted is { } text ? Cut(text) : null,
        Note = note,
    };

    private static string Cut(string text)
    {
        if (text.Length <= MostCharacters)
            return text;
        int length = char.IsHighSurrogate(text[MostCharacters - 1]) ? MostCharacters - 1 : MostCharacters;
        return $"{text.AsSpan(0, length)}…";
    }
}

/// <summary>A row while it is inspected.</summary>
/// <param name="Number">Counted from 1.</param>
/// <param name="Predicted">Null before training.</param>
/// <param name="Score">NaN before training.</param>
internal readonly record struct TextRow(long Number, string Source, string Target, string? Predicted = null, float Score = float.NaN);
