using System.Globalization;
using Microsoft.ML.Seq2Seq;
using Spectre.Console;

namespace Samples.Display;

/// <summary>Shows a search for settings: its table, redrawn in place on a terminal; a line for each rung in a file or
/// pipe.</summary>
internal static class TuningDisplay
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Searches and shows.</summary>
    /// <param name="search">Gets the observer to put into <see cref="TuningOptions.Progress"/>.</param>
    public static T Show<T>(IAnsiConsole console, Func<IProgress<TuningProgress>, T> search)
    {
        Capabilities capabilities = console.Profile.Capabilities;
        if (capabilities.Ansi && capabilities.Interactive && console.Profile.Out.IsTerminal)
            return console.Live(new Text("Reading the rows …")).Start(context => search(new Live(context)));
        return search(new Plain(console.Profile.Out.Writer));
    }

    /// <summary>All trials, best first.</summary>
    /// <param name="current">The number of the trial under way; 0 for none.</param>
    public static Table Table(IReadOnlyList<TuningTrial> trials, int current = 0)
    {
        Table table = new Table().AddColumns("Rank", "Trial", "Score", "Layers × width", "Vocabulary", "Dropout", "Rate", "Rungs", "Steps", "Time", "Stopped");
        for (int rank = 0; rank < trials.Count; rank++)
        {
            TuningTrial trial = trials[rank];
            TransformerArchitecture shape = trial.Architecture;
            string score = double.IsNaN(trial.Score) ? "–" : Number(trial.Score, "f4");
            string[] cells =
            [
                $"{rank + 1}", $"{trial.Number}", score, $"{shape.EncoderLayers}+{shape.DecoderLayers} × {shape.ModelDimension}", $"{trial.VocabularySize}",
                Number(trial.Dropout, "f2"), Number(trial.LearningRate, "f5"), $"{trial.Rungs}", $"{trial.Steps}", TrainingDisplay.Clock(trial.Duration), trial.StopReason,
            ];
            Style style = trial.Number == current ? new Style(Color.Yellow) : rank == 0 ? new Style(Color.Green) : Style.Plain;
            table.AddRow(cells.Select(cell => new Text(cell, style)));
        }
        return table;
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Headline(TuningProgress value)
        => string.Create(CultureInfo.InvariantCulture, $"{100 * value.FractionDone:f0} % of the budget, {TrainingDisplay.Clock(value.Elapsed)}: trial {value.Trial.Number} on rung {value.Rung}");

    private sealed class Live(LiveDisplayContext context) : IProgress<TuningProgress>
    {
        private TimeSpan _last;

        public void Report(TuningProgress value)
        {
            if (value.Training is { IsValidation: false } && value.Elapsed - _last < _interval)
                return;
            _last = value.Elapsed;
            string step = value.Training is { } training
                ? string.Create(CultureInfo.InvariantCulture, $", step {training.Step}, loss {training.TrainLoss:f3}, {training.TokensPerSecond:f0} tokens/s") : "";
            context.UpdateTarget(new Rows(new Text(Headline(value) + step), Table(value.Trials, value.Trial.Number)));
        }
    }

    private sealed class Plain(TextWriter writer) : IProgress<TuningProgress>
    {
        public void Report(TuningProgress value)
        {
            if (!value.IsMeasured)
                return;
            writer.WriteLine(Headline(value) + string.Create(CultureInfo.InvariantCulture, $", step {value.Trial.Steps}, score {value.Trial.Score:f4}: {value.Trial}"));
            writer.Flush();
        }
    }
}
