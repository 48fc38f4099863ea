using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Seq2Seq;
using Samples.Display;
using Spectre.Console;

namespace Samples.Commands;

/// <summary>Looks for good settings for a file of the user's within a time limit.</summary>
internal static class TuneCommand
{
    public static Command Create()
    {
        Option<FileInfo> train = CommandParts.ExistingFile("--train", "Rows to learn from: source, tab, target; UTF-8");
        Option<FileInfo> test = CommandParts.ExistingFile("--test", "Rows to measure the result on; the search never sees them (default: not measured)");
        test.Required = false;
        Option<FileInfo> output = CommandParts.OutputFile("--model", "Where to save the best model (default: not saved)");
        Option<double> minutes = CommandParts.Number("--minutes", "Longest time to search", 0.01, 100_000.0, 10);
        Option<int> trials = CommandParts.Number("--trials", "Settings to try (default: as many as the time allows)", 1, 10_000);
        Option<string> metric = new("--metric") { Description = "What settings are compared by", DefaultValueFactory = _ => "loss" };
        metric.AcceptOnlyFromAmong("loss", "bleu", "chrf", "exact");
        Option<int> tokens = CommandParts.Number("--tokens-per-batch", "Size of a batch; small data learns most from many small ones", 1, 10_000_000, 1024);
        Option<int> seed = CommandParts.Number("--seed", "Seed of the search", 0, int.MaxValue, 1);
        Command command = new("tune", "Tries shapes, vocabulary sizes, dropout and learning rates on pairs of texts within a time limit. Ctrl+C ends the search with the best so far.")
        { train, test, output, minutes, trials, metric, tokens, seed };
        command.Runs((parse, cancellation) =>
        {
            TuningOptions options = new()
            {
                Trainer = new TransformerTrainer.Options
                {
                    SourceColumnName = nameof(TextPair.Source),
                    LabelColumnName = nameof(TextPair.Target),
                    Training = new TrainingOptions { TokensPerBatch = parse.GetValue(tokens) },
                },
                MaxTrials = parse.Given(trials),
                Metric = parse.GetValue(metric) switch
                {
                    "bleu" => TuningMetric.Bleu,
                    "chrf" => TuningMetric.ChrF,
                    "exact" => TuningMetric.ExactMatch,
                    _ => TuningMetric.CharacterLoss,
                },
                CancellationToken = cancellation,
            };
            return Run(parse.Screen(), options, TimeSpan.FromMinutes(parse.GetValue(minutes)), parse.GetValue(seed),
                parse.GetRequiredValue(train).FullName, parse.GetValue(test)?.FullName, parse.GetValue(output)?.FullName);
        });
        return command;
    }

    private static int Run(
        IAnsiConsole console, TuningOptions options, TimeSpan budget, int seed, string train, string? test, string? output)
    {
        console.WriteLine($"{PairFile.Check(train)} rows.");
        if (test is not null)
            PairFile.Check(test);
        MLContext mlContext = new(seed);
        IDataView rows = mlContext.Data.LoadFromEnumerable(PairFile.Read(train));
        using TuningResult result = TuningDisplay.Show(console, progress =>
        {
            options.Progress = progress;
            return mlContext.Seq2Seq.Tune(rows, budget, options);
        });
        console.Write(TuningDisplay.Table(result.Trials));
        console.WriteLine($"Best by {result.Metric}: {result.Trials[0]}");
        if (output is not null)
        {
            mlContext.Model.Save(result.BestModel, rows.Schema, output);
            console.WriteLine($"Saved to {output}");
        }
        options.CancellationToken.ThrowIfCancellationRequested();
        if (test is not null)
            console.WriteLine(mlContext.Seq2Seq.Evaluate(result.BestModel.Transform(mlContext.Data.LoadFromEnumerable(PairFile.Read(test)))).ToString());
        return CommandParts.Success;
    }
}
