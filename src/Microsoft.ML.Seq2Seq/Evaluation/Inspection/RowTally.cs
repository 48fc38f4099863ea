namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Counts the rows of a finding and keeps the first few.</summary>
internal sealed class RowTally(int mostExamples)
{
    private readonly List<ExampleRow> _examples = [];

    public long Count { get; private set; }

    public IReadOnlyList<ExampleRow> Examples => _examples;

    public void Add(TextRow row, string? note = null)
    {
        Count++;
        if (_examples.Count < mostExamples)
            _examples.Add(ExampleRow.Of(row, note));
    }

    /// <summary>The finding; null where no row was counted.</summary>
    /// <param name="rows">Of which the counted ones are a share.</param>
    public DataFinding? Finding(
        FindingKind kind, FindingSeverity severity, long rows, string summary, string advice, string? column = null) =>
        Count == 0 ? null : new DataFinding
        {
            Kind = kind,
            Severity = severity,
            ColumnName = column,
            Count = Count,
            Share = (double)Count / rows,
            Summary = summary,
            Advice = advice,
            Examples = _examples,
        };

    /// <summary>A note, or a warning where at least this share of the rows is counted.</summary>
    public FindingSeverity SeverityFrom(double share, long rows) =>
        Count >= share * rows ? FindingSeverity.Warning : FindingSeverity.Note;
}
