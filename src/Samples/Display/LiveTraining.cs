using System.Globalization;
using Microsoft.ML.Seq2Seq;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Samples.Display;

/// <summary>A bar, the numbers, and what the model writes by now, redrawn in place.</summary>
internal sealed class LiveTraining(LiveDisplayContext context) : IProgress<TrainingProgress>
{
    private const int SamplesShown = 4;

    private const int LongestSample = 60;

    private IReadOnlyList<SamplePrediction> _samples = [];

    public void Report(TrainingProgress value)
    {
        if (value.IsValidation)
            _samples = [.. value.Samples.Take(SamplesShown)];
        context.UpdateTarget(new Rows(Bar(value), Numbers(value), Samples()));
    }

    private static BreakdownChart Bar(TrainingProgress value)
    {
        double percent = Math.Round(value.FractionDone * 100, 1);
        return new BreakdownChart().HideTags().FullSize()
            .AddItem("done", percent, Color.Green).AddItem("left", 100 - percent, Color.Grey23);
    }

    private static Grid Numbers(TrainingProgress value)
    {
        static string Loss(double? loss) => loss is { } known ? known.ToString("f4", CultureInfo.InvariantCulture) : "–";
        Grid grid = new();
        for (int i = 0; i < 6; i++)
            grid.AddColumn();
        grid.AddRow("[grey]epoch[/]", "[grey]step[/]", "[grey]loss[/]", "[grey]validation (best)[/]", "[grey]tokens/s[/]", "[grey]time (left)[/]");
        grid.AddRow(
            $"{value.Epoch}",
            $"{value.Step}",
            Loss(value.TrainLoss),
            $"{Loss(value.ValidationLoss)} ({Loss(value.BestValidationLoss)})",
            value.TokensPerSecond.ToString("f0", CultureInfo.InvariantCulture),
            $"{TrainingDisplay.Clock(value.Elapsed)} ({TrainingDisplay.Clock(value.TimeLeft)})");
        return grid;
    }

    private IRenderable Samples()
    {
        Grid grid = new();
        grid.AddColumn().AddColumn().AddColumn();
        foreach (SamplePrediction sample in _samples)
            grid.AddRow(
                new Text(Shorten(sample.Source)),
                new Text("→", new Style(Color.Grey)),
                new Text(Shorten(sample.Predicted), new Style(sample.Predicted == sample.Target ? Color.Green : Color.Yellow)));
        return grid;
    }

    private static string Shorten(string text) => text.Length <= LongestSample ? text : text[..LongestSample] + "…";
}
