namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>What is looked for in pairs of texts, row after row, in memory that a limit on hashes bounds.</summary>
internal sealed class PairChecks
{
    // What a hash in the one index stands for.
    private const ulong Pair = 1, FoldedPair = 2, SourceAlone = 3;

    private readonly RowIndex _index = new();
    private readonly RatioTally _ratios;
    private readonly RowTally _duplicates, _nearDuplicates, _severalTargets, _copies, _overlap, _sourceOverlap;

    public PairChecks(string source, string target, int mostExamples)
    {
        Source = new ColumnTally(source, row => row.Source, mostExamples);
        Target = new ColumnTally(target, row => row.Target, mostExamples);
        _ratios = new RatioTally(mostExamples);
        _duplicates = new RowTally(mostExamples);
        _nearDuplicates = new RowTally(mostExamples);
        _severalTargets = new RowTally(mostExamples);
        _copies = new RowTally(mostExamples);
        _overlap = new RowTally(mostExamples);
        _sourceOverlap = new RowTally(mostExamples);
    }

    public ColumnTally Source { get; }

    public ColumnTally Target { get; }

    public long Rows { get; private set; }

    /// <summary>Rows with both texts: those that training takes.</summary>
    public long UsableRows { get; private set; }

    public long ValidationRows { get; private set; }

    /// <summary>Whether every row was remembered, so that no repetition was overlooked.</summary>
    public bool RemembersAll => !_index.IsFull;

    public static bool IsUsable(TextRow row) => row.Source.Length > 0 && row.Target.Length > 0;

    public void Add(TextRow row)
    {
        Rows++;
        Source.Add(row);
        Target.Add(row);
        if (!IsUsable(row))
            return;
        UsableRows++;
        if (IsBlank(row))
            return;
        _ratios.Add(row);
        if (row.Source == row.Target)
            _copies.Add(row);

        uint pair = _index.FindOrAdd(HashOf(row), row.Number);
        uint folded = HashOfFolded(row) is { } hash ? _index.FindOrAdd(hash, row.Number) : 0;
        uint source = _index.FindOrAdd(HashOfSource(row), row.Number);
        if (pair != 0)
            _duplicates.Add(row, Note("as row", pair));
        else if (folded != 0)
            _nearDuplicates.Add(row, Note("nearly as row", folded));
        else if (source != 0)
            _severalTargets.Add(row, Note("source of row", source));
    }

    /// <summary>Looks for a validation row among all those added.</summary>
    public void AddValidation(TextRow row)
    {
        ValidationRows++;
        if (!IsUsable(row) || IsBlank(row))
            return;
        uint same = _index.Find(HashOf(row));
        if (same != 0)
            _overlap.Add(row, Note("as training row", same));
        else if (HashOfFolded(row) is { } hash && _index.Find(hash) is not 0 and var near)
            _overlap.Add(row, Note("nearly as training row", near));
        else if (_index.Find(HashOfSource(row)) is not 0 and var source)
            _sourceOverlap.Add(row, Note("source of training row", source));
    }

    /// <param name="rareScript">A script of fewer texts than this share is foreign.</param>
    public IEnumerable<DataFinding?> Findings(RatioOutliers ratios, double rareScript)
    {
        if (UsableRows == 0)
        {
            yield return new DataFinding
            {
                Kind = FindingKind.NoUsableRows,
                Severity = FindingSeverity.Problem,
                Count = Rows,
                Share = Rows > 0 ? 1 : double.NaN,
                Summary = Rows == 0 ? "There are no rows." : "No row has both a source and a target.",
                Advice = "See whether the file, its separator and the columns' names are the right ones.",
            };
        }
        foreach (var finding in Source.Findings(rareScript, Rows).Concat(Target.Findings(rareScript, Rows)))
            yield return finding;
        yield return _copies.Finding(FindingKind.CopiedSource, FindingSeverity.Warning, Rows,
            "Rows whose target is the source.",
            "Drop them, unless copying is part of the task: untranslated rows harm translation more than any other noise (Khayrallah and Koehn 2018).");
        if (ratios.Count > 0)
        {
            yield return new DataFinding
            {
                Kind = FindingKind.LengthRatio,
                Severity = FindingSeverity.Warning,
                Count = ratios.Count,
                Share = (double)ratios.Count / Rows,
                Summary = FormattableString.Invariant(
                    $"Rows out of proportion: the middle row has {ratios.Median:F2} target characters for each of the source, these more than {ratios.Factor:F1} times as many or as few."),
                Advice = "Look for rows that were joined, cut or matched wrongly, and drop them.",
                Examples = [.. ratios.Examples.Select(row => ExampleRow.Of(row, $"{row.Source.Length} → {row.Target.Length} characters"))],
            };
        }
        string scope = RemembersAll ? "" : FormattableString.Invariant($" (sought among the first {RowIndex.MostHashes / 3:N0} different rows)");
        yield return _duplicates.Finding(FindingKind.DuplicateRow, _duplicates.SeverityFrom(0.05, Rows), Rows,
            $"Rows that stood before, character by character{scope}.",
            "Keep one of each, unless they are frequent in what the model will see: it learns the repeated ones by heart, and a random split puts them on both sides.");
        yield return _nearDuplicates.Finding(FindingKind.NearDuplicateRow, _nearDuplicates.SeverityFrom(0.05, Rows), Rows,
            $"Rows that stood before but for case, white space and punctuation{scope}.",
            "As with duplicates; where the spelling varies by accident, normalise it first.");
        yield return _severalTargets.Finding(FindingKind.SeveralTargets, FindingSeverity.Note, Rows,
            $"Rows whose source stood before with another target{scope}.",
            "Fine where a source has several good targets; exact match is bounded by it. Split and cross-validate by source (samplingKeyColumnName), or a source is validated on that was trained on.");
        yield return _overlap.Finding(FindingKind.ValidationOverlap, _overlap.Count >= 0.01 * ValidationRows ? FindingSeverity.Problem : FindingSeverity.Warning, ValidationRows,
            "Validation rows that are training rows, too, but for case, white space and punctuation.",
            "Drop them from the training rows: the scores flatter the model by what it knows by heart.");
        yield return _sourceOverlap.Finding(FindingKind.ValidationSourceOverlap, FindingSeverity.Note, ValidationRows,
            "Validation rows whose source is in the training rows with another target.",
            "Split by source, so that validation shows what the model makes of sources it hasn't seen.");
    }

    public RatioOutliers Ratios(double deviations) => _ratios.Outliers(deviations);

    private static string Note(string relation, uint row) => FormattableString.Invariant($"{relation} {row:N0}");

    private static bool IsBlank(TextRow row) => string.IsNullOrWhiteSpace(row.Source) || string.IsNullOrWhiteSpace(row.Target);

    private static ulong HashOf(TextRow row)
    {
        var hash = new TextHash(Pair);
        hash.Add(row.Source);
        hash.Add(row.Target);
        return hash.Value;
    }

    private static ulong HashOfSource(TextRow row)
    {
        var hash = new TextHash(SourceAlone);
        hash.Add(row.Source);
        return hash.Value;
    }

    /// <summary>Null for rows of punctuation alone.</summary>
    private static ulong? HashOfFolded(TextRow row)
    {
        var hash = new TextHash(FoldedPair);
        hash.AddFolded(row.Source);
        hash.AddFolded(row.Target);
        return hash.HasContent ? hash.Value : null;
    }
}
