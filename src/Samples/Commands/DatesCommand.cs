using System.CommandLine;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Seq2Seq;
using Samples.Dates;
using Samples.Display;
using Spectre.Console;

namespace Samples.Commands;

/// <summary>The main job: makes the dates, trains, evaluates, saves, loads and predicts.</summary>
internal static class DatesCommand
{
    /// <summary>A form of the job: how much data, how long, and the share of held-out dates it must get right.</summary>
    private sealed record Form(DateDatasetSize Size, int Epochs, double Bar);

    private static readonly Form _full = new(new DateDatasetSize(24_000, 1_000, 2_000, 500), Epochs: 8, Bar: 0.98);

    private static readonly Form _quick = new(
        new DateDatasetSize(4_000, 200, 300, 100) { Languages = ["English", "German", "French", "Japanese", "Digits"] },
        Epochs: 5, Bar: 0.40);

    /// <summary>Shown whatever the seed, each meaning <see cref="FixedMeaning"/>.</summary>
    private static readonly (string Source, string Style)[] _fixedExamples =
    [
        ("Dienstag, den 3. März 2026", "German"),
        ("3/3/26 (US)", "Digits"),
        ("le 3 mars 2026", "French"),
        ("2026年3月3日", "Japanese"),
    ];

    private const string FixedMeaning = "2026-03-03";

    /// <summary>Examples of each held-out split, one a language or style.</summary>
    private const int ExamplesShown = 10;

    private const int MistakesShown = 5;

    public static RootCommand Create()
    {
        Option<bool> quick = new("--quick") { Description = "A short form for continuous integration: five languages, little training, a low bar" };
        Option<int> seed = CommandParts.Number("--seed", "Seed of the data and of the training", 0, int.MaxValue, 1);
        Option<int> epochs = CommandParts.Number<int>("--epochs", $"Passes over the training rows (default: {_full.Epochs}, quick {_quick.Epochs})", 1, 10_000);
        Option<double> minutes = CommandParts.Number("--minutes", "Longest time to train (default: no limit)", 0.01, 100_000.0);
        Option<FileInfo> model = CommandParts.OutputFile("--model", "Where to save the model (default: DateNormalizer.zip beside the program)");
        RootCommand root = new("Learns to read dates as people write them in forty languages, and to write them in ISO 8601. "
            + "The commands below do the same with data of your own.")
        { quick, seed, epochs, minutes, model };
        root.Runs((parse, cancellation) =>
        {
            Form form = parse.GetValue(quick) ? _quick : _full;
            if (parse.GetValue(model) is { } file)
                DateNormalizer.ModelPath = file.FullName;
            TrainingOptions training = DateNormalizer.DefaultTraining();
            training.MaxEpochs = parse.Given(epochs) ?? form.Epochs;
            training.MaxDuration = parse.Given(minutes) is { } limit ? TimeSpan.FromMinutes(limit) : null;
            training.CancellationToken = cancellation;
            return Run(parse.Screen(), form, parse.GetValue(seed), training);
        });
        return root;
    }

    private static int Run(IAnsiConsole console, Form form, int seed, TrainingOptions training)
    {
        DateDataset data = new(form.Size, (ulong)seed);
        int languages = data.Training.Select(row => row.Language).Distinct().Count();
        int styles = data.Training.Select(row => (row.Language, row.Style)).Distinct().Count();
        console.WriteLine($"{data.Training.Count} training rows, {styles} styles in {languages} languages (digits alone counted as one).");

        MLContext mlContext = new(seed);
        IDataView trainingSet = View(mlContext, data.Training);
        using Seq2SeqTransformer model = TrainingDisplay.Show(console, progress =>
        {
            training.Progress = progress;
            return DateNormalizer.Train(mlContext, trainingSet, View(mlContext, data.Validation), training);
        });
        DateNormalizer.SaveModel(mlContext, model, trainingSet);
        console.WriteLine($"Trained {model.Report.Parameters} weights in {TrainingDisplay.Clock(model.Report.Duration)} ({model.Report.StopReason}).");
        console.WriteLine($"Saved to {DateNormalizer.ModelPath}");
        training.CancellationToken.ThrowIfCancellationRequested();

        var dates = DateNormalizer.Evaluate(mlContext, model, View(mlContext, data.HeldOutDates));
        var newStyles = DateNormalizer.Evaluate(mlContext, model, View(mlContext, data.HeldOutStyles));
        ShowMetrics(console, ("Held-out dates", dates.Metrics), ("Held-out styles", newStyles.Metrics));
        ShowMistakes(console, data.HeldOutDates, dates.Rows);
        ShowMistakes(console, data.HeldOutStyles, newStyles.Rows);
        ShowExamples(console, Examples(data));

        bool reached = dates.Metrics.ExactMatch >= form.Bar;
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"[{(reached ? "green" : "red")}]{dates.Metrics.ExactMatch:P2} of held-out dates are right; {form.Bar:P0} or more are expected of this form.[/]");
        return reached ? CommandParts.Success : CommandParts.Failure;
    }

    private static IDataView View(MLContext mlContext, IReadOnlyList<DateExample> rows)
        => mlContext.Data.LoadFromEnumerable(
            rows.Select(row => new DateNormalizer.ModelInput { Source = row.Source, Target = row.Target }));

    private static void ShowMetrics(IAnsiConsole console, params (string Split, Seq2SeqMetrics Metrics)[] splits)
    {
        Table table = new Table().AddColumns("Test", "Rows", "Exact match", "Character error rate");
        foreach ((string split, Seq2SeqMetrics metrics) in splits)
            table.AddRow(split, $"{metrics.Rows}", Percent(metrics.ExactMatch), Percent(metrics.CharacterErrorRate));
        console.Write(table);
    }

    private static void ShowMistakes(
        IAnsiConsole console, IReadOnlyList<DateExample> examples, IReadOnlyList<DateNormalizer.EvaluatedRow> rows)
    {
        foreach ((DateExample example, DateNormalizer.EvaluatedRow row) in
            examples.Zip(rows).Where(pair => pair.Second.PredictedTarget != pair.Second.Target).Take(MistakesShown))
            console.WriteLine($"Wrong: {row.Source} → {row.PredictedTarget}, not {row.Target} ({example.Language}, {example.Style})");
    }

    /// <summary>The fixed ones, then rows of the held-out splits, each of another language or style.</summary>
    private static IEnumerable<(string Source, string Expected, string Style)> Examples(DateDataset data)
        => _fixedExamples.Select(example => (example.Source, FixedMeaning, example.Style))
            .Concat(data.HeldOutDates.DistinctBy(row => row.Language).Take(ExamplesShown).Select(row => Example(row, "new date")))
            .Concat(data.HeldOutStyles.DistinctBy(row => row.Language).Take(ExamplesShown).Select(row => Example(row, "new style")));

    private static (string Source, string Expected, string Style) Example(DateExample row, string what)
        => (row.Source, row.Target, $"{row.Language}: {row.Style} ({what})");

    /// <summary>Predicts with the saved model, in a new <see cref="MLContext"/>.</summary>
    private static void ShowExamples(IAnsiConsole console, IEnumerable<(string Source, string Expected, string Style)> examples)
    {
        Table table = new Table().AddColumns("Input", "Language: style", "Predicted", "Expected", "OK");
        foreach ((string source, string expected, string style) in examples)
        {
            string predicted = DateNormalizer.Predict(new DateNormalizer.ModelInput { Source = source }).PredictedTarget;
            table.AddRow(new Text(source), new Text(style), new Text(predicted), new Text(expected),
                predicted == expected ? new Text("yes", new Style(Color.Green)) : new Text("no", new Style(Color.Red)));
        }
        console.Write(table);
    }

    private static string Percent(double share) => (share * 100).ToString("f2", CultureInfo.InvariantCulture) + " %";
}
