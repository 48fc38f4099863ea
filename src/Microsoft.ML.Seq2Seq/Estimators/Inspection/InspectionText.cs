using System.Globalization;
using System.Text;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Writes an inspection as plain text.</summary>
internal sealed class InspectionText(DataInspection inspection)
{
    private const int TextWidth = 100, LabelWidth = 26, ColumnWidth = 24;

    private readonly StringBuilder _text = new();

    public string Write()
    {
        Line($"{Headline(inspection)}");
        foreach (var finding in inspection.Findings)
            Write(finding);

        Line($"");
        Row("Texts", inspection.Source.ColumnName, inspection.Target.ColumnName);
        Row("  main script", Scripts(inspection.Source), Scripts(inspection.Target));
        Row("  characters, middle row", Middle(inspection.Source.Characters), Middle(inspection.Target.Characters));
        Row("  middle 90 %", Range(inspection.Source.Characters), Range(inspection.Target.Characters));
        Row("  longest", Number(inspection.Source.Characters.Maximum), Number(inspection.Target.Characters.Maximum));
        if (inspection.Vocabulary is { } vocabulary)
            Write(vocabulary);
        if (inspection.Advice is { } advice)
            Write(advice);
        if (inspection.Predictions is { } predictions)
            Write(predictions);
        return _text.ToString().TrimEnd('\n');
    }

    /// <summary>The rows and how many findings there are, in a sentence or two.</summary>
    public static string Headline(DataInspection inspection)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Count(inspection.Rows, "row")}, {inspection.UsableRows:N0} with both texts");
        if (inspection.ValidationRows is { } rows)
            text.Append(CultureInfo.InvariantCulture, $"; {Count(rows, "validation row")}");
        var parts = inspection.Findings.GroupBy(finding => finding.Severity)
            .Select(group => Count(group.Count(), Name(group.Key)));
        text.Append(". ").Append(inspection.Findings.Count == 0 ? "Nothing found." : $"Found: {string.Join(", ", parts)}.");
        return text.ToString();
    }

    public static string Name(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Problem => "problem",
        FindingSeverity.Warning => "warning",
        _ => "note",
    };

    /// <summary>How many rows, and their share; nothing where a count doesn't say more.</summary>
    public static string Amount(DataFinding finding) => double.IsFinite(finding.Share)
        ? string.Create(CultureInfo.InvariantCulture, $"{finding.Count:N0} ({Share(finding.Share)})")
        : Number(finding.Count);

    public static string Scripts(TextStatistics column) => column.Scripts.Count == 0 ? "none"
        : string.Join(", ", column.Scripts.Take(3).Select(script => $"{script.Script} {Share(script.Share)}"));

    public static string Range(LengthStatistics lengths) => $"{Number(lengths.Percentile5)} to {Number(lengths.Percentile95)}";

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A percentage with two digits that count.</summary>
    public static string Share(double share) => double.IsNaN(share) ? "none" : share switch
    {
        0 or 1 => string.Create(CultureInfo.InvariantCulture, $"{100 * share} %"),
        < 0.0001 => "< 0.01 %",
        > 0.9999 => "> 99.99 %",
        < 0.01 or > 0.99 => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F2} %"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F1} %"),
    };

    private void Write(DataFinding finding)
    {
        Line($"");
        string column = finding.ColumnName is { } name ? $"{name}: " : "";
        Line($"{Name(finding.Severity).ToUpperInvariant()}  {Amount(finding)}  {column}{finding.Summary}");
        Line($"  {finding.Advice}");
        foreach (var example in finding.Examples)
            Write(example);
    }

    private void Write(ExampleRow example)
    {
        Line($"  row {Number(example.Row)}{(example.Note is { } note ? $" ({OneLine(note)})" : "")}: {OneLine(example.Source)} → {OneLine(example.Target)}");
        if (example.Predicted is { } predicted)
            Line($"    predicted: {OneLine(predicted)}");
    }

    private void Write(VocabularyStatistics vocabulary)
    {
        Line($"");
        Row("Tokens", inspection.Source.ColumnName, inspection.Target.ColumnName);
        Row("  vocabulary", Number(vocabulary.SourceVocabularySize), Number(vocabulary.TargetVocabularySize));
        Row("  all rows", Number(vocabulary.Source.Tokens), Number(vocabulary.Target.Tokens));
        Row("  middle row", Middle(vocabulary.Source.Lengths), Middle(vocabulary.Target.Lengths));
        Row("  middle 90 %", Range(vocabulary.Source.Lengths), Range(vocabulary.Target.Lengths));
        Row("  longest", Number(vocabulary.Source.Lengths.Maximum), Number(vocabulary.Target.Lengths.Maximum));
        Row("  characters a token", $"{vocabulary.Source.CharactersPerToken:F1}", $"{vocabulary.Target.CharactersPerToken:F1}");
        Row("  unknown", Share(vocabulary.Source.UnknownRate), Share(vocabulary.Target.UnknownRate));
        Line($"  {Share(vocabulary.WellSeenTokens)} of the learned tokens are seen 100 times or more, {Share(vocabulary.RareTokens)} fewer than {vocabulary.RareTokenCount} times.");
        if (vocabulary.SampledRows < inspection.UsableRows)
            Line($"  From a sample of {Count(vocabulary.SampledRows, "row")}.");
    }

    private void Write(TrainingAdvice advice)
    {
        Line($"");
        Line($"Advice: {Advice(advice)}");
        foreach (string reason in advice.Reasons)
            Line($"  {reason}");
    }

    public static string Advice(TrainingAdvice advice) => string.Create(CultureInfo.InvariantCulture,
        $"TransformerArchitecture.{advice.Preset}, dropout {advice.Options.Architecture.Dropout}, {advice.Options.Tokenization.Kind}, vocabulary of at most {advice.VocabularySize:N0}");

    private void Write(PredictionStatistics predictions)
    {
        Line($"");
        Line($"Predictions of {Count(predictions.Rows, "row")}: BLEU {predictions.Bleu:F2}, chrF {predictions.ChrF:F2}, exact match {Share(predictions.ExactMatch)}, length {predictions.LengthRatio:F2} of the labels'");
        if (double.IsFinite(predictions.ScoreCorrelation))
            Line($"Correlation of Score with chrF: {predictions.ScoreCorrelation:F2}");
        Line($"");
        Line($"{"Source characters",-20}{"Rows",8}{"BLEU",8}{"chrF",8}{"Exact",10}{"Score",9}");
        foreach (var group in predictions.ByLength)
            Line($"{$"{Number(group.From)} to {Number(group.To)}",-20}{Number(group.Rows),8}{group.Bleu,8:F2}{group.ChrF,8:F2}{Share(group.ExactMatch),10}{group.MeanScore,9:F3}");
        if (predictions.WorstRows.Count == 0)
            return;
        Line($"");
        Line($"Worst rows");
        foreach (var row in predictions.WorstRows)
            Write(row);
    }

    private static string Middle(LengthStatistics lengths) => lengths.Rows == 0 ? "none" : Number(lengths.Median);

    private static string Count(long number, string noun) => $"{Number(number)} {noun}{(number == 1 ? "" : "s")}";

    /// <summary>A text that can't break the lines of the report, nor send orders to a terminal.</summary>
    private static string OneLine(string text)
    {
        var line = new StringBuilder();
        foreach (char c in text.Length > TextWidth ? text.AsSpan(0, TextWidth) : text)
            line.Append(char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c);
        if (line.Length > 0 && char.IsHighSurrogate(line[^1]))
            line.Length--;
        return text.Length == 0 ? "(empty)" : text.Length > TextWidth ? $"{line}…" : line.ToString();
    }

    private void Row(string label, FormattableString source, FormattableString target) =>
        Row(label, FormattableString.Invariant(source), FormattableString.Invariant(target));

    private void Row(string label, string source, string target) =>
        Line($"{label,-LabelWidth}{source,-ColumnWidth}{(source.Length < ColumnWidth ? "" : "  ")}{target}");

    private void Line(FormattableString line) => _text.Append(FormattableString.Invariant(line).TrimEnd()).Append('\n');
}
