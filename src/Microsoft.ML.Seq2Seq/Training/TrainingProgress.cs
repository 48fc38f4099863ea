namespace Microsoft.ML.Seq2Seq;

/// <summary>Where a training run stands. Losses are negative log-likelihoods in nats for each target token, without
/// label smoothing, so that training and validation compare; e to their power is the perplexity.</summary>
/// <param name="Step">Updates of the weights so far.</param>
/// <param name="Epoch">The pass over the data, counted from 1.</param>
/// <param name="FractionDone">0 to 1: of the planned steps or the time limit, whichever is nearer.</param>
/// <param name="TrainLoss">Mean over the tokens since the last validation.</param>
/// <param name="ValidationLoss">Over all tokens of the validation rows, at the last validation; null before it.</param>
/// <param name="ValidationMetric">The <see cref="TrainingOptions.ValidationMetric"/> at the last validation; null before
/// it, and where the loss decides.</param>
/// <param name="BestValidationLoss">That of the weights kept so far.</param>
/// <param name="IsValidation">True where a validation has just run.</param>
/// <param name="LearningRate">Of the last update.</param>
/// <param name="GradientNorm">Of the last update, before clipping.</param>
/// <param name="TokensPerSecond">Target tokens trained on, without the time of validation.</param>
/// <param name="Elapsed">Since training began.</param>
/// <param name="TimeLeft">Estimate to the end of the plan; an early stop comes sooner.</param>
/// <param name="Samples">At a validation: a few of its rows as the model writes them now; else empty.</param>
public sealed record TrainingProgress(
    long Step,
    int Epoch,
    double FractionDone,
    double TrainLoss,
    double? ValidationLoss,
    double? ValidationMetric,
    double? BestValidationLoss,
    bool IsValidation,
    double LearningRate,
    double GradientNorm,
    double TokensPerSecond,
    TimeSpan Elapsed,
    TimeSpan TimeLeft,
    IReadOnlyList<SamplePrediction> Samples)
{
    /// <summary>Updates left out so far: the gradient was not finite, or no row fitted into memory.</summary>
    public int SkippedSteps { get; init; }

    /// <summary>Times so far that a batch was split for want of memory; the update stays that of the whole batch.</summary>
    public int SplitBatches { get; init; }

    /// <summary>Times so far that a row was left out of an update because it did not fit into memory even alone.</summary>
    public int RowsLeftOut { get; init; }
}

/// <summary>A validation row as the model writes it at the moment (greedy search).</summary>
/// <param name="Source">The row's source text.</param>
/// <param name="Target">What it should become.</param>
/// <param name="Predicted">What the model writes.</param>
public sealed record SamplePrediction(string Source, string Target, string Predicted);
