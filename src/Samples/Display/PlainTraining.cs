using System.Globalization;
using Microsoft.ML.Seq2Seq;

namespace Samples.Display;

/// <summary>A line for each validation, and one now and then between them.</summary>
internal sealed class PlainTraining(TextWriter writer) : IProgress<TrainingProgress>
{
    private const int SamplesShown = 2;

    private static readonly TimeSpan _between = TimeSpan.FromSeconds(15);

    private TimeSpan _last;

    public void Report(TrainingProgress value)
    {
        if (!value.IsValidation && value.Elapsed - _last < _between)
            return;
        _last = value.Elapsed;
        string validation = value is { IsValidation: true, ValidationLoss: { } loss }
            ? string.Create(CultureInfo.InvariantCulture, $"  validation {loss:f4}{(loss <= value.BestValidationLoss ? " *" : "")}")
            : "";
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"epoch {value.Epoch}  step {value.Step}  loss {value.TrainLoss:f4}{validation}  {value.TokensPerSecond:f0} tokens/s")
            + $"  {TrainingDisplay.Clock(value.Elapsed)} elapsed, {TrainingDisplay.Clock(value.TimeLeft)} left");
        foreach (SamplePrediction sample in value.Samples.Take(SamplesShown))
            writer.WriteLine($"    {sample.Source} → {sample.Predicted}");
        writer.Flush();
    }
}
