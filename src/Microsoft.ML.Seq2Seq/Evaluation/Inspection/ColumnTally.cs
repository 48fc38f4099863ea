namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>What is counted of one column's texts.</summary>
internal sealed class ColumnTally(string name, Func<TextRow, string> read, int mostExamples)
{
    private readonly LengthTally _lengths = new();
    private readonly RowTally _empty = new(mostExamples);
    private readonly RowTally _damaged = new(mostExamples);
    private readonly RowTally[] _scripts =
        [.. Enum.GetValues<Script>().Select(_ => new RowTally(mostExamples))];
    private long _texts, _singleWords;

    public void Add(TextRow row)
    {
        string text = read(row);
        if (string.IsNullOrWhiteSpace(text))
        {
            _empty.Add(row);
            return;
        }
        _texts++;
        _lengths.Add(text.Length);
        if (TextDamage.Of(text) is { } damage)
            _damaged.Add(row, damage);
        if (!text.AsSpan().Trim().ContainsAny(' ', '\t', '\u3000'))
            _singleWords++;
        _scripts[(int)Scripts.Of(text)].Add(row);
    }

    /// <summary>The script of most texts.</summary>
    public Script MainScript
    {
        get
        {
            var most = Script.None;
            foreach (var script in Enum.GetValues<Script>().Skip(1))
            {
                if (_scripts[(int)script].Count > (most == Script.None ? 0 : _scripts[(int)most].Count))
                    most = script;
            }
            return most;
        }
    }

    public TextStatistics Statistics()
    {
        long written = WithScript;
        return new TextStatistics
        {
            ColumnName = name,
            Characters = _lengths.Statistics(),
            Scripts = [.. Enum.GetValues<Script>().Skip(1)
                .Select(script => new ScriptShare($"{script}", _scripts[(int)script].Count, (double)_scripts[(int)script].Count / written))
                .Where(share => share.Rows > 0).OrderByDescending(share => share.Rows)],
            SingleWords = _texts > 0 ? (double)_singleWords / _texts : double.NaN,
        };
    }

    /// <param name="rareScript">A script of fewer texts than this share is foreign.</param>
    /// <param name="rows">Rows of the data.</param>
    public IEnumerable<DataFinding?> Findings(double rareScript, long rows)
    {
        yield return _empty.Finding(FindingKind.EmptyText, _empty.SeverityFrom(0.01, rows), rows,
            "Texts that are empty or white space.",
            "Training leaves out empty ones, but learns from white space. Drop the rows, and see why the texts are missing.", name);
        yield return _damaged.Finding(FindingKind.DamagedText, FindingSeverity.Warning, rows,
            "Texts damaged by a wrong encoding, with control characters, or with entities of HTML.",
            "Read the file with the encoding that it was written in, and unescape HTML; drop what stays damaged.", name);

        var main = MainScript;
        long written = WithScript;
        var foreign = Enum.GetValues<Script>().Skip(1)
            .Where(script => !Scripts.IsAtHome(script, main) && _scripts[(int)script].Count is > 0 and var count && count < rareScript * written)
            .ToArray();
        long found = foreign.Sum(script => _scripts[(int)script].Count);
        if (found > 0)
        {
            yield return new DataFinding
            {
                Kind = FindingKind.ForeignScript,
                Severity = FindingSeverity.Warning,
                ColumnName = name,
                Count = found,
                Share = (double)found / rows,
                Summary = $"Texts mainly in {string.Join(", ", foreign)}, which is rare here: most are in {main}.",
                Advice = "Drop the rows where the language is wrong, as it often is in text from the web; keep names and formulas.",
                Examples = [.. foreign
                    .SelectMany(script => _scripts[(int)script].Examples.Select(example => example with { Note = $"{script}" }))
                    .OrderBy(example => example.Row).Take(mostExamples)],
            };
        }
    }

    private long WithScript => _scripts.Skip(1).Sum(tally => tally.Count);
}
