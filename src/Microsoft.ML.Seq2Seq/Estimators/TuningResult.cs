using System.Globalization;
using System.Text;

namespace Microsoft.ML.Seq2Seq;

/// <summary>One setting that was tried, and how far it came.</summary>
public sealed record TuningTrial
{
    /// <summary>Counted from 1; the first is <see cref="TuningOptions.Trainer"/> as it was given.</summary>
    public required int Number { get; init; }

    /// <summary>The shape, with the trial's dropout.</summary>
    public required TransformerArchitecture Architecture { get; init; }

    /// <summary>Most tokens of the vocabulary.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The dropout.</summary>
    public double Dropout => Architecture.Dropout;

    /// <summary>The highest learning rate of the schedule.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Steps until it is reached: a tenth of a whole run, or half of the first rung where that is shorter,
    /// unless the trainer's options say otherwise.</summary>
    public required int WarmupSteps { get; init; }

    /// <summary>Steps of a whole run, as far as could be told before the first.</summary>
    internal int PlannedSteps { get; init; }

    /// <summary>The best <see cref="TuningOptions.Metric"/> that it reached on the validation rows; NaN where it was never
    /// measured.</summary>
    public double Score { get; init; } = double.NaN;

    /// <summary>Lowest validation loss, in nats for each token of its own vocabulary; null before the first
    /// validation.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Rungs climbed when it reached the score, the last time.</summary>
    internal int RungsToScore { get; init; }

    /// <summary>Rungs climbed.</summary>
    public int Rungs { get; init; }

    /// <summary>Updates of the weights.</summary>
    public long Steps { get; init; }

    /// <summary>Time spent training, validation included.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Why it went no further; empty while it may.</summary>
    public string StopReason { get; init; } = "";

    /// <summary>The settings in a line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Architecture.EncoderLayers}+{Architecture.DecoderLayers} layers of {Architecture.ModelDimension}, vocabulary {VocabularySize}, dropout {Dropout:F2}, learning rate {LearningRate:G2}");
}

/// <summary>Where a search stands.</summary>
/// <param name="Trial">The trial under way, or just measured.</param>
/// <param name="Rung">Its rung, counted from 1.</param>
/// <param name="IsMeasured">True where the trial has just come to the end of the rung.</param>
/// <param name="Trials">All trials so far, best first.</param>
/// <param name="FractionDone">Share of the budget spent, 0 to 1.</param>
/// <param name="Elapsed">Since the search began.</param>
/// <param name="Training">The trial's own progress; null before its first step and when it is measured.</param>
public sealed record TuningProgress(
    TuningTrial Trial, int Rung, bool IsMeasured, IReadOnlyList<TuningTrial> Trials, double FractionDone, TimeSpan Elapsed,
    TrainingProgress? Training);

/// <summary>What came of a search. Disposing it frees the weights of <see cref="BestModel"/>.</summary>
public sealed class TuningResult : IDisposable
{
    internal TuningResult(
        IReadOnlyList<TuningTrial> trials, TuningMetric metric, Seq2SeqTransformer bestModel, TransformerTrainer.Options bestOptions,
        TimeSpan duration)
    {
        Trials = trials;
        Metric = metric;
        BestModel = bestModel;
        BestOptions = bestOptions;
        Duration = duration;
    }

    /// <summary>Every trial, best first; those that were never measured last.</summary>
    public IReadOnlyList<TuningTrial> Trials { get; }

    /// <summary>What they are ranked by.</summary>
    public TuningMetric Metric { get; }

    /// <summary>The model of the first of <see cref="Trials"/>, trained as long as that trial was, unless it got worse by
    /// it: then as it scored best.</summary>
    public Seq2SeqTransformer BestModel { get; }

    /// <summary>Options with which a trainer trains such a model: those given, with the settings of the first of
    /// <see cref="Trials"/>; for a longer training, or one on more rows.</summary>
    public TransformerTrainer.Options BestOptions { get; }

    /// <summary>How long the search took.</summary>
    public TimeSpan Duration { get; }

    /// <summary>The ranked table, to print.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Trials.Count} trials by {Metric} in {Duration.TotalSeconds:F0} s\n")
            .Append("Rank Trial     Score   Loss  Layers   Width  Vocabulary  Dropout      Rate   Steps  Seconds  Stopped\n");
        for (int rank = 0; rank < Trials.Count; rank++)
        {
            var trial = Trials[rank];
            text.Append(CultureInfo.InvariantCulture, $"{rank + 1,4} {trial.Number,5}  {trial.Score,8:F4} {trial.ValidationLoss,6:F3}")
                .Append(CultureInfo.InvariantCulture, $" {trial.Architecture.EncoderLayers,3}+{trial.Architecture.DecoderLayers,-3} {trial.Architecture.ModelDimension,7}")
                .Append(CultureInfo.InvariantCulture, $" {trial.VocabularySize,11} {trial.Dropout,8:F2} {trial.LearningRate,9:F5} {trial.Steps,7}")
                .Append(CultureInfo.InvariantCulture, $" {trial.Duration.TotalSeconds,8:F1}  {trial.StopReason}\n");
        }
        return text.ToString();
    }

    /// <summary>Frees the weights of <see cref="BestModel"/>.</summary>
    public void Dispose() => BestModel.Dispose();
}
