using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Seq2Seq;
using Samples.Display;
using Spectre.Console;

namespace Samples.Commands;

/// <summary>Trains, evaluates and saves a model on files of the user's.</summary>
internal static class TranslateCommand
{
    public static Command Create()
    {
        Option<FileInfo> train = CommandParts.ExistingFile("--train", "Rows to learn from: source, tab, target; UTF-8");
        Option<FileInfo> valid = CommandParts.ExistingFile("--valid", "Rows to choose the best epoch by");
        Option<FileInfo> test = CommandParts.ExistingFile("--test", "Rows to measure the result on");
        Option<FileInfo> output = CommandParts.OutputFile("--model", "Where to save the model (default: not saved)");
        Option<string> preset = new("--preset") { Description = "Size of the model", DefaultValueFactory = _ => "tiny" };
        preset.AcceptOnlyFromAmong("tiny", "small", "base");
        Option<int> epochs = CommandParts.Number("--epochs", "Passes over the training rows", 1, 10_000, 10);
        Option<double> minutes = CommandParts.Number("--minutes", "Longest time to train (default: no limit)", 0.01, 100_000.0);
        Option<int> vocabulary = CommandParts.Number("--vocabulary", "Most tokens of the shared vocabulary", 300, 1_000_000, 8000);
        Option<int> tokens = CommandParts.Number("--tokens-per-batch", "Size of a batch; small data learns most from many small ones", 1, 10_000_000, 1024);
        Option<double> dropout = CommandParts.Number("--dropout", "Share of activations dropped in training; small data wants 0.3 (default: the preset's)", 0, 0.95);
        Option<double> consistency = CommandParts.Number("--consistency", "How strongly two passes with different dropout are drawn together, as 1 to 5 for small data and long training; twice the time", 0.0, 100.0, 0.0);
        Option<int> consistencyFrom = CommandParts.Number("--consistency-from", "Updates before that begins: a model that has learned to read gains, one that hasn't is held up", 0, int.MaxValue, 0);
        Option<double> rate = CommandParts.Number("--learning-rate", "Highest learning rate (default: 0.002 for tiny, 0.001 for others)", 1e-8, 10);
        Option<int> warmup = CommandParts.Number("--warmup", "Steps until it is reached (default: a tenth of all)", 0, 10_000_000);
        Option<int> beam = CommandParts.Number("--beam", "Prefixes that the search keeps; 1 is greedy", 1, 1024, 4);
        Option<int> seed = CommandParts.Number("--seed", "Seed of the training", 0, int.MaxValue, 1);
        Option<string> board = new("--tensorboard") { Description = "Folder for TensorBoard's event files (default: none)", HelpName = "FOLDER" };
        Command command = new("translate", "Trains a model on pairs of texts, measures it, and saves it. Ctrl+C ends the training and saves the best model so far.")
        { train, valid, test, output, preset, epochs, minutes, vocabulary, tokens, dropout, consistency, consistencyFrom, rate, warmup, beam, seed, board };
        command.Runs((parse, cancellation) =>
        {
            TransformerArchitecture architecture = parse.GetValue(preset) switch
            {
                "small" => TransformerArchitecture.Small,
                "base" => TransformerArchitecture.Base,
                _ => TransformerArchitecture.Tiny,
            };
            architecture.Dropout = parse.Given(dropout) ?? architecture.Dropout;
            TransformerTrainer.Options options = new()
            {
                SourceColumnName = nameof(TextPair.Source),
                LabelColumnName = nameof(TextPair.Target),
                Tokenization = new SubwordOptions { VocabularySize = parse.GetValue(vocabulary) },
                Architecture = architecture,
                Training = new TrainingOptions
                {
                    MaxEpochs = parse.GetValue(epochs),
                    MaxDuration = parse.Given(minutes) is { } limit ? TimeSpan.FromMinutes(limit) : null,
                    TokensPerBatch = parse.GetValue(tokens),
                    ConsistencyWeight = parse.GetValue(consistency),
                    ConsistencyStartStep = parse.GetValue(consistencyFrom),
                    // Down to zero at the end of a plan this short: a lower validation loss than the paper's schedule on Multi30k.
                    Schedule = LearningRateSchedule.Cosine,
                    LearningRate = parse.Given(rate) ?? (architecture.ModelDimension <= 128 ? 0.002 : 0.001),
                    WarmupSteps = parse.Given(warmup),
                    TensorBoardDirectory = parse.GetValue(board),
                    CancellationToken = cancellation,
                },
                Decoding = Search(new DecodingOptions(), parse.GetValue(beam)),
            };
            return Run(parse.Screen(), options, parse.GetValue(seed),
                parse.GetRequiredValue(train).FullName, parse.GetRequiredValue(valid).FullName, parse.GetRequiredValue(test).FullName,
                parse.GetValue(output)?.FullName);
        });
        return command;
    }

    /// <summary>The same options with a beam, or greedy search for a beam of 1.</summary>
    public static DecodingOptions Search(DecodingOptions options, int beam)
    {
        options.Strategy = beam == 1 ? DecodingStrategy.Greedy : DecodingStrategy.Beam;
        options.BeamSize = beam;
        return options;
    }

    private static int Run(
        IAnsiConsole console, TransformerTrainer.Options options, int seed, string train, string valid, string test, string? output)
    {
        console.WriteLine($"{PairFile.Check(train)} training rows, {PairFile.Check(valid)} validation rows, {PairFile.Check(test)} test rows.");

        MLContext mlContext = new(seed);
        IDataView trainingSet = mlContext.Data.LoadFromEnumerable(PairFile.Read(train));
        options.ValidationSet = mlContext.Data.LoadFromEnumerable(PairFile.Read(valid));
        using Seq2SeqTransformer model = TrainingDisplay.Show(console, progress =>
        {
            options.Training.Progress = progress;
            return mlContext.Seq2Seq.Trainers.Transformer(options).Fit(trainingSet);
        });
        ShowCurve(console, model.Report);
        if (output is not null)
        {
            mlContext.Model.Save(model, trainingSet.Schema, output);
            console.WriteLine($"Saved to {output}");
        }
        options.Training.CancellationToken.ThrowIfCancellationRequested();

        Seq2SeqMetrics metrics = mlContext.Seq2Seq.Evaluate(model.Transform(mlContext.Data.LoadFromEnumerable(PairFile.Read(test))));
        console.WriteLine(metrics.ToString());
        return CommandParts.Success;
    }

    /// <summary>The losses at every validation, since a live display leaves only the last.</summary>
    private static void ShowCurve(IAnsiConsole console, TrainingReport report)
    {
        Table table = new Table().AddColumns("Epoch", "Step", "Training loss", "Validation loss", "Time");
        foreach (TrainingPoint point in report.Curve)
            table.AddRow($"{point.Epoch}", $"{point.Step}", $"{point.TrainLoss:f4}", $"{point.ValidationLoss:f4}", TrainingDisplay.Clock(point.Elapsed));
        console.Write(table);
        console.WriteLine($"Trained {report.Parameters} weights in {TrainingDisplay.Clock(report.Duration)} ({report.StopReason}).");
        console.WriteLine($"Validation: {string.Join(", ", report.FinalMetrics.Select(metric => FormattableString.Invariant($"{metric.Key} {metric.Value:g4}")))}");
    }
}
