using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Seq2Seq;
using Spectre.Console;

namespace Samples.Commands;

/// <summary>Looks through a file of pairs, or through what a saved model makes of one, and shows what is wrong.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        Option<FileInfo> file = CommandParts.ExistingFile("--file", "Rows to inspect: source, tab, target; UTF-8");
        Option<FileInfo> valid = CommandParts.ExistingFile("--valid", "Rows that the model will be validated on");
        Option<FileInfo> model = CommandParts.ExistingFile("--model", "A model that 'translate' or the main job has saved: inspects its predictions", "M.zip");
        valid.Required = model.Required = false;
        Option<FileInfo> html = CommandParts.OutputFile("--html", "Where to write the same as a web page", "OUT.html");
        Option<int> vocabulary = CommandParts.Number("--vocabulary", "Most tokens of the shared vocabulary", 300, 1_000_000, 8000);
        Option<int> examples = CommandParts.Number("--examples", "Rows shown of each finding", 0, 1000, 3);
        Command command = new("inspect", "Looks through pairs of texts for what harms training, and advises on the model; or through a model's predictions for where they go wrong. A grave problem makes the exit code 1.")
        { file, valid, model, html, vocabulary, examples };
        command.Runs((parse, cancellation) =>
        {
            MLContext mlContext = new();
            InspectionOptions options = new()
            {
                Tokenization = new SubwordOptions { VocabularySize = parse.GetValue(vocabulary) },
                ExampleRows = parse.GetValue(examples),
                ValidationSet = parse.GetValue(valid) is { } rows ? mlContext.Data.LoadFromEnumerable(PairFile.Read(rows.FullName)) : null,
                CancellationToken = cancellation,
            };
            IDataView data = mlContext.Data.LoadFromEnumerable(PairFile.Read(parse.GetRequiredValue(file).FullName));
            using Seq2SeqTransformer? scorer = parse.GetValue(model) is { } saved ? PredictCommand.Load(saved.FullName) : null;
            DataInspection inspection = mlContext.Seq2Seq.Inspect(scorer?.Transform(data) ?? data, options);
            Show(parse.Screen(), inspection);
            if (parse.GetValue(html) is { } page)
            {
                File.WriteAllText(page.FullName, inspection.ToHtml($"Inspection of {parse.GetRequiredValue(file).Name}"));
                parse.Screen().WriteLine($"Written to {page.FullName}");
            }
            return inspection.Findings.Any(finding => finding.Severity == FindingSeverity.Problem) ? CommandParts.Failure : CommandParts.Success;
        });
        return command;
    }

    /// <summary>The report, with the words that say how much a finding matters in colours.</summary>
    private static void Show(IAnsiConsole console, DataInspection inspection)
    {
        foreach (string line in inspection.ToString().Split('\n'))
        {
            string? style = line switch
            {
                _ when line.StartsWith("PROBLEM ", StringComparison.Ordinal) => "red",
                _ when line.StartsWith("WARNING ", StringComparison.Ordinal) => "yellow",
                _ when line.StartsWith("NOTE ", StringComparison.Ordinal) => "blue",
                _ when line.StartsWith("Advice: ", StringComparison.Ordinal) => "green",
                _ => null,
            };
            console.WriteLine(line, style is null ? Style.Plain : Style.Parse(style));
        }
    }
}
