using System.Globalization;
using System.Text;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Writes an inspection as one HTML document.</summary>
internal sealed class InspectionHtml(DataInspection inspection)
{
    // Light and dark as the reader's system has it; one column on a phone.
    private const string Style = """
        :root{color-scheme:light dark;--ink:#1d2430;--soft:#5d6878;--line:#dfe4ea;--page:#f6f7f9;--card:#fff;--bar:#4a7fc1;--problem:#b3261e;--warning:#9a5b00;--note:#3b6ea8}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa5b4;--line:#323a45;--page:#14181d;--card:#1c2229;--bar:#6aa0e0;--problem:#ff8a80;--warning:#f0b35a;--note:#8ab8ec}}
        *{box-sizing:border-box}body{margin:0;padding:1.5rem 1rem 3rem;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
        main{max-width:60rem;margin:auto}h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}h3{font-size:.9rem;margin:0 0 .3rem;color:var(--soft);font-weight:600}
        p{margin:.3rem 0}.grid+p{margin-top:.7rem}.soft{color:var(--soft)}.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;margin:.6rem 0}
        .finding{border-left:5px solid var(--note)}.finding.warning{border-left-color:var(--warning)}.finding.problem{border-left-color:var(--problem)}
        .tag{font-size:.75rem;font-weight:700;text-transform:uppercase;letter-spacing:.04em;color:var(--note)}.warning .tag{color:var(--warning)}.problem .tag{color:var(--problem)}
        .amount{font-weight:700}summary{cursor:pointer;color:var(--soft);margin-top:.3rem}.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:.8rem}.grid>.card{margin:0}
        .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}th{font-weight:600;color:var(--soft);overflow-wrap:normal}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}table.rows td{min-width:9rem}table.rows td.n{min-width:5rem;text-align:left;white-space:normal}
        svg{width:100%;max-width:34rem;height:auto;display:block}.bar{fill:var(--bar)}.hover{fill:transparent}g:hover .bar{opacity:.7}.axis{stroke:var(--line)}svg text{fill:var(--soft);font:11px system-ui,sans-serif}
        """;

    private readonly StringBuilder _html = new();

    public string Write(string title)
    {
        title = HtmlText.Escape(title);
        _html.Append("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"><head><meta charset=\"utf-8\"/>")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>")
            .Append(CultureInfo.InvariantCulture, $"<title>{title}</title><style>{Style}</style></head><body><main>\n<h1>{title}</h1>\n")
            .Append(CultureInfo.InvariantCulture, $"<p class=\"soft\">{HtmlText.Escape(InspectionText.Headline(inspection))}</p>\n");
        if (inspection.Advice is { } advice)
            Write(advice);
        if (inspection.Predictions is { } predictions)
            WriteSummary(predictions);
        if (inspection.Findings.Count > 0)
            Heading("Findings");
        foreach (var finding in inspection.Findings)
            Write(finding);
        if (inspection.Predictions is { WorstRows.Count: > 0 } scored)
        {
            Heading("Worst rows");
            _html.Append("<div class=\"card\">");
            Rows(scored.WorstRows);
            _html.Append("</div>\n");
        }
        WriteTexts();
        if (inspection.Vocabulary is { } vocabulary)
            Write(vocabulary);
        return _html.Append("</main></body></html>\n").ToString();
    }

    private void Write(TrainingAdvice advice)
    {
        Heading("Advice for the first training");
        _html.Append(CultureInfo.InvariantCulture, $"<div class=\"card\"><p><strong>{HtmlText.Escape(InspectionText.Advice(advice))}</strong></p>");
        foreach (string reason in advice.Reasons)
            Paragraph(reason);
        _html.Append("</div>\n");
    }

    private void Write(DataFinding finding)
    {
        string severity = InspectionText.Name(finding.Severity);
        _html.Append(CultureInfo.InvariantCulture, $"<div class=\"card finding {severity}\"><p><span class=\"tag\">{severity}</span> ");
        if (finding.ColumnName is { } column)
            _html.Append(CultureInfo.InvariantCulture, $"<span class=\"soft\">{HtmlText.Escape(column)}</span> ");
        _html.Append(CultureInfo.InvariantCulture, $"<span class=\"amount\">{HtmlText.Escape(InspectionText.Amount(finding))}</span> {HtmlText.Escape(finding.Summary)}</p>");
        Paragraph(finding.Advice, "soft");
        if (finding.Examples.Count > 0)
        {
            _html.Append(CultureInfo.InvariantCulture, $"<details><summary>{finding.Examples.Count} example{(finding.Examples.Count == 1 ? "" : "s")}</summary>");
            Rows(finding.Examples);
            _html.Append("</details>");
        }
        _html.Append("</div>\n");
    }

    private void Rows(IReadOnlyList<ExampleRow> rows)
    {
        bool predicted = rows.Any(row => row.Predicted is not null);
        _html.Append("<div class=\"scroll\"><table class=\"rows\"><tr><th>Row</th><th>Source</th><th>Target</th>").Append(predicted ? "<th>Predicted</th>" : "").Append("</tr>");
        foreach (var row in rows)
        {
            _html.Append(CultureInfo.InvariantCulture, $"<tr><td class=\"n\">{InspectionText.Number(row.Row)}");
            if (row.Note is { } note)
                _html.Append(CultureInfo.InvariantCulture, $"<br/><span class=\"soft\">{HtmlText.Escape(note)}</span>");
            _html.Append("</td>");
            foreach (string? text in predicted ? new[] { row.Source, row.Target, row.Predicted } : [row.Source, row.Target])
                _html.Append(string.IsNullOrEmpty(text) ? "<td class=\"soft\">(empty)</td>" : $"<td dir=\"auto\">{HtmlText.Escape(text)}</td>");
            _html.Append("</tr>");
        }
        _html.Append("</table></div>");
    }

    private void WriteTexts()
    {
        if (inspection.UsableRows == 0)
            return;
        Heading("Texts");
        _html.Append("<div class=\"grid\">");
        foreach (var column in new[] { inspection.Source, inspection.Target })
        {
            Histogram($"{column.ColumnName}: characters", column.Characters);
            Paragraph($"{InspectionText.Scripts(column)}; {InspectionText.Number(column.Characters.Median)} characters in the middle row, {InspectionText.Range(column.Characters)} in the middle 90 %, at most {InspectionText.Number(column.Characters.Maximum)}", "soft");
            _html.Append("</div>");
        }
        _html.Append("</div>\n");
    }

    private void Write(VocabularyStatistics vocabulary)
    {
        Heading("Tokens");
        _html.Append("<div class=\"grid\">");
        foreach (var (name, tokens, size) in new[]
        {
            (inspection.Source.ColumnName, vocabulary.Source, vocabulary.SourceVocabularySize),
            (inspection.Target.ColumnName, vocabulary.Target, vocabulary.TargetVocabularySize),
        })
        {
            Histogram($"{name}: tokens", tokens.Lengths);
            Paragraph(FormattableString.Invariant(
                $"{tokens.Tokens:N0} tokens of a vocabulary of {size:N0}, {tokens.CharactersPerToken:F1} characters each; {InspectionText.Share(tokens.UnknownRate)} unknown; {tokens.Lengths.Median:N0} in the middle row, {InspectionText.Range(tokens.Lengths)} in the middle 90 %, at most {tokens.Lengths.Maximum:N0}"), "soft");
            _html.Append("</div>");
        }
        _html.Append("</div>\n");
        Paragraph($"{InspectionText.Share(vocabulary.WellSeenTokens)} of the learned tokens are seen 100 times or more, {InspectionText.Share(vocabulary.RareTokens)} fewer than {vocabulary.RareTokenCount} times.", "soft");
        if (vocabulary.SampledRows < inspection.UsableRows)
            Paragraph($"From a sample of {InspectionText.Number(vocabulary.SampledRows)} rows.", "soft");
    }

    private void WriteSummary(PredictionStatistics predictions)
    {
        Heading("Predictions");
        _html.Append("<div class=\"grid\">");
        foreach (var (name, value) in new[]
        {
            ("BLEU", HtmlText.Number(predictions.Bleu)),
            ("chrF", HtmlText.Number(predictions.ChrF)),
            ("Exact match", InspectionText.Share(predictions.ExactMatch)),
            ("Length, of the labels'", predictions.LengthRatio.ToString("F2", CultureInfo.InvariantCulture)),
            ("Correlation of Score with chrF", predictions.ScoreCorrelation.ToString("F2", CultureInfo.InvariantCulture)),
        })
            _html.Append(CultureInfo.InvariantCulture, $"<div class=\"card\"><h3>{name}</h3><p class=\"amount\">{HtmlText.Escape(value)}</p></div>");
        _html.Append("</div>\n<div class=\"card\">");
        Chart("chrF by characters of the source", [.. predictions.ByLength.Select(group => new Bar(
            Math.Round(group.ChrF, 1), $"{group.From}–{group.To}",
            string.Create(CultureInfo.InvariantCulture, $"{group.From} to {group.To} characters: chrF {group.ChrF:F1}, {group.Rows:N0} rows")))], showValues: true);
        _html.Append("<div class=\"scroll\"><table><tr><th>Source characters</th><th class=\"n\">Rows</th><th class=\"n\">BLEU</th><th class=\"n\">chrF</th><th class=\"n\">Exact match</th><th class=\"n\">Mean score</th></tr>");
        foreach (var group in predictions.ByLength)
            _html.Append(CultureInfo.InvariantCulture,
                $"<tr><td>{group.From:N0} to {group.To:N0}</td><td class=\"n\">{group.Rows:N0}</td><td class=\"n\">{group.Bleu:F2}</td><td class=\"n\">{group.ChrF:F2}</td><td class=\"n\">{HtmlText.Escape(InspectionText.Share(group.ExactMatch))}</td><td class=\"n\">{group.MeanScore:F3}</td></tr>");
        _html.Append("</table></div></div>\n");
    }

    /// <summary>Begins a card with a chart; the caller ends it.</summary>
    private void Histogram(string name, LengthStatistics lengths)
    {
        _html.Append("<div class=\"card\">");
        int every = Math.Max(1, (lengths.Histogram.Count + 5) / 6);
        Chart(name, [.. lengths.Histogram.Select((bin, i) => new Bar(
            bin.Rows, i % every == 0 ? InspectionText.Number(bin.From) : null,
            $"{InspectionText.Number(bin.From)} to {InspectionText.Number(bin.To)}: {InspectionText.Number(bin.Rows)} rows"))]);
    }

    private void Chart(string name, IReadOnlyList<Bar> bars, bool showValues = false) =>
        _html.Append(CultureInfo.InvariantCulture, $"<h3>{HtmlText.Escape(name)}</h3>").Append(BarChart.Draw(name, bars, showValues));

    private void Heading(string text) => _html.Append(CultureInfo.InvariantCulture, $"<h2>{text}</h2>\n");

    private void Paragraph(string text, string? style = null) => _html
        .Append(style is null ? "<p>" : $"<p class=\"{style}\">").Append(HtmlText.Escape(text)).Append("</p>");
}
