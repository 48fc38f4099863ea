using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Seq2Seq;
using Samples.Display;
using Spectre.Console;

namespace Samples.Commands;

/// <summary>Trains a Transformer and the recurrent model that it replaced on the same rows, and shows the difference.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        Option<FileInfo> train = CommandParts.ExistingFile("--train", "Rows to learn from: source, tab, target; UTF-8");
        Option<FileInfo> valid = CommandParts.ExistingFile("--valid", "Rows to choose the best epoch by");
        Option<FileInfo> test = CommandParts.ExistingFile("--test", "Rows to measure the results on");
        Option<string> preset = new("--preset") { Description = "Size of both models: about as many weights", DefaultValueFactory = _ => "tiny" };
        preset.AcceptOnlyFromAmong("tiny", "small");
        Option<string> cell = new("--cell") { Description = "Unit of the recurrent model", DefaultValueFactory = _ => "lstm" };
        cell.AcceptOnlyFromAmong("lstm", "gru");
        Option<string> attention = new("--attention") { Description = "Attention of the recurrent model", DefaultValueFactory = _ => "luong" };
        attention.AcceptOnlyFromAmong("luong", "bahdanau");
        Option<int> epochs = CommandParts.Number("--epochs", "Passes over the training rows", 1, 10_000, 10);
        Option<double> minutes = CommandParts.Number("--minutes", "Longest time to train each (default: no limit)", 0.01, 100_000.0);
        Option<int> vocabulary = CommandParts.Number("--vocabulary", "Most tokens of the shared vocabulary", 300, 1_000_000, 8000);
        Option<int> tokens = CommandParts.Number("--tokens-per-batch", "Size of a batch", 1, 10_000_000, 4096);
        Option<double> dropout = CommandParts.Number("--dropout", "Share of activations dropped in training of both (default: each preset's)", 0, 0.95);
        Option<int> beam = CommandParts.Number("--beam", "Prefixes that the search keeps; 1 is greedy", 1, 1024, 4);
        Option<int> seed = CommandParts.Number("--seed", "Seed of both trainings", 0, int.MaxValue, 1);
        Command command = new("compare", "Trains a Transformer and a recurrent model with attention on the same pairs of texts, and compares quality, speed and path length.")
        { train, valid, test, preset, cell, attention, epochs, minutes, vocabulary, tokens, dropout, beam, seed };
        command.Runs((parse, cancellation) =>
        {
            bool isSmall = parse.GetValue(preset) == "small";
            TransformerArchitecture transformer = isSmall ? TransformerArchitecture.Small : TransformerArchitecture.Tiny;
            RecurrentArchitecture recurrent = isSmall ? RecurrentArchitecture.Small : RecurrentArchitecture.Tiny;
            transformer.Dropout = parse.Given(dropout) ?? transformer.Dropout;
            recurrent.Dropout = parse.Given(dropout) ?? recurrent.Dropout;
            recurrent.Cell = parse.GetValue(cell) == "gru" ? RecurrentCell.Gru : RecurrentCell.Lstm;
            recurrent.Attention = parse.GetValue(attention) == "bahdanau" ? RecurrentAttention.Bahdanau : RecurrentAttention.Luong;
            TransformerTrainer.Options first = new() { Architecture = transformer };
            RecurrentTrainer.Options second = new() { Architecture = recurrent };
            foreach (Seq2SeqTrainerOptions options in new Seq2SeqTrainerOptions[] { first, second })
            {
                options.SourceColumnName = nameof(TextPair.Source);
                options.LabelColumnName = nameof(TextPair.Target);
                options.Tokenization.VocabularySize = parse.GetValue(vocabulary);
                options.Training.MaxEpochs = parse.GetValue(epochs);
                options.Training.MaxDuration = parse.Given(minutes) is { } limit ? TimeSpan.FromMinutes(limit) : null;
                options.Training.TokensPerBatch = parse.GetValue(tokens);
                options.Training.CancellationToken = cancellation;
                options.Decoding = TranslateCommand.Search(parse.GetValue(beam));
            }
            return Run(parse.Screen(), first, second, parse.GetValue(seed),
                parse.GetRequiredValue(train).FullName, parse.GetRequiredValue(valid).FullName, parse.GetRequiredValue(test).FullName);
        });
        return command;
    }

    private static int Run(
        IAnsiConsole console, TransformerTrainer.Options first, RecurrentTrainer.Options second, int seed, string train, string valid, string test)
    {
        console.WriteLine($"{PairFile.Check(train)} training rows, {PairFile.Check(valid)} validation rows, {PairFile.Check(test)} test rows.");
        TextPair[] testPairs = [.. PairFile.Read(test)];

        Result Measure(string name, Seq2SeqTrainerOptions options, Func<MLContext, IDataView, Seq2SeqTransformer> fit)
        {
            MLContext mlContext = new(seed);
            options.ValidationSet = mlContext.Data.LoadFromEnumerable(PairFile.Read(valid));
            console.WriteLine($"{name}:");
            Speedometer speed = new();
            using Seq2SeqTransformer model = TrainingDisplay.Show(console, progress =>
            {
                speed.Next = progress;
                options.Training.Progress = speed;
                return fit(mlContext, mlContext.Data.LoadFromEnumerable(PairFile.Read(train)));
            });
            options.Training.CancellationToken.ThrowIfCancellationRequested();
            model.Generate(testPairs[0].Source); // what is compiled or loaded at first use is not the model's speed
            long start = Stopwatch.GetTimestamp();
            Translation[] written = [.. mlContext.Data.CreateEnumerable<Translation>(
                model.Transform(mlContext.Data.LoadFromEnumerable(testPairs)), reuseRowObject: false)];
            double rowsPerSecond = written.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
            return new Result(model.Report, mlContext.Seq2Seq.Evaluate(mlContext.Data.LoadFromEnumerable(written)), speed.TokensPerSecond, rowsPerSecond);
        }

        Result transformer = Measure("Transformer", first, (ml, data) => ml.Seq2Seq.Trainers.Transformer(first).Fit(data));
        Result recurrent = Measure($"Recurrent ({second.Architecture.Cell}, {second.Architecture.Attention})", second,
            (ml, data) => ml.Seq2Seq.Trainers.Recurrent(second).Fit(data));
        Show(console, transformer, recurrent);
        return CommandParts.Success;
    }

    private static void Show(IAnsiConsole console, Result transformer, Result recurrent)
    {
        Table table = new Table().AddColumns("", "Transformer", "Recurrent");
        table.Columns[1].RightAligned();
        table.Columns[2].RightAligned();
        void Row(string name, string format, Func<Result, double> value) => table.AddRow(name,
            value(transformer).ToString(format, CultureInfo.InvariantCulture), value(recurrent).ToString(format, CultureInfo.InvariantCulture));
        Row("BLEU", "f2", result => result.Metrics.Bleu);
        Row("chrF", "f2", result => result.Metrics.ChrF);
        Row("Exact match", "p1", result => result.Metrics.ExactMatch);
        Row("Validation loss", "f4", result => result.Report.BestValidationLoss ?? double.NaN);
        Row("Training, target tokens/s", "f0", result => result.TokensPerSecond);
        Row("Prediction, rows/s", "f1", result => result.RowsPerSecond);
        Row("Training time, s", "f0", result => result.Report.Duration.TotalSeconds);
        Row("Weights", "n0", result => result.Report.Parameters);
        // Vaswani et al. 2017, table 1, of a layer that reads n positions.
        table.AddRow("Steps that must wait for each other", "O(1)", "O(n)");
        table.AddRow("Longest path between two positions", "O(1)", "O(n)");
        console.Write(table);
    }

    private sealed record Result(TrainingReport Report, Seq2SeqMetrics Metrics, double TokensPerSecond, double RowsPerSecond);

    /// <summary>A test row with what the model wrote.</summary>
    private sealed class Translation
    {
        public string Target { get; set; } = "";

        public string PredictedTarget { get; set; } = "";
    }

    /// <summary>Notes the speed of a training run on the way to its display.</summary>
    private sealed class Speedometer : IProgress<TrainingProgress>
    {
        public IProgress<TrainingProgress>? Next { get; set; }

        /// <summary>Of the whole run so far.</summary>
        public double TokensPerSecond { get; private set; }

        public void Report(TrainingProgress value)
        {
            TokensPerSecond = value.TokensPerSecond;
            Next?.Report(value);
        }
    }
}
