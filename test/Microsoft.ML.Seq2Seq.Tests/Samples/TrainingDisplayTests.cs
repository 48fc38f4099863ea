using global::Samples.Display;
using Spectre.Console;

namespace Microsoft.ML.Seq2Seq.Tests.Samples;

[TestClass]
public sealed class TrainingDisplayTests
{
    [TestMethod]
    public void AFileGetsPlainLinesWithoutControlCharacters()
    {
        using StringWriter output = new() { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });

        int result = TrainingDisplay.Show(console, progress =>
        {
            progress.Report(Progress(seconds: 1));
            progress.Report(Progress(seconds: 2, validation: 0.25, samples: [new SamplePrediction("le 3 mars 2026", "2026-03-03", "2026-03-08")]));
            progress.Report(Progress(seconds: 3));
            return 7;
        });

        Assert.AreEqual(7, result);
        Assert.AreEqual(
            "epoch 2  step 40  loss 0.5000  validation 0.2500 *  1234 tokens/s  0:02 elapsed, 1:05 left\n"
            + "    le 3 mars 2026 → 2026-03-08\n",
            output.ToString());
    }

    [TestMethod]
    public void LongStretchesBetweenValidationsShowThatTrainingGoesOn()
    {
        using StringWriter output = new() { NewLine = "\n" };
        PlainTraining plain = new(output);

        for (int second = 0; second <= 60; second++)
            plain.Report(Progress(second));

        Assert.AreEqual(4, output.ToString().Count(c => c == '\n'));
    }

    [TestMethod]
    public void ALiveRunShowsLossesSpeedTimeAndSamples()
    {
        using StringWriter output = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = 120;

        console.Live(new Text("")).Start(context => new LiveTraining(context).Report(
            Progress(seconds: 2, validation: 0.25, samples: [new SamplePrediction("[le] 3 mars 2026", "2026-03-03", "2026-03-08")])));

        foreach (string part in new[] { "0.5000", "0.2500", "1234", "0:02 (1:05)", "[le] 3 mars 2026", "2026-03-08" })
            StringAssert.Contains(output.ToString(), part);
    }

    [TestMethod]
    [DataRow(5, "0:05")]
    [DataRow(65, "1:05")]
    [DataRow(7384, "2:03:04")]
    public void TimesReadAsOnAClock(int seconds, string expected)
        => Assert.AreEqual(expected, TrainingDisplay.Clock(TimeSpan.FromSeconds(seconds)));

    private static TrainingProgress Progress(int seconds, double? validation = null, IReadOnlyList<SamplePrediction>? samples = null)
        => new(Step: 40, Epoch: 2, FractionDone: 0.4, TrainLoss: 0.5, ValidationLoss: validation, ValidationMetric: null, BestValidationLoss: validation,
            IsValidation: validation is not null, LearningRate: 0.001, GradientNorm: 1, TokensPerSecond: 1234,
            Elapsed: TimeSpan.FromSeconds(seconds), TimeLeft: TimeSpan.FromSeconds(65), Samples: samples ?? []);
}
