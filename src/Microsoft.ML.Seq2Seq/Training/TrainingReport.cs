namespace Microsoft.ML.Seq2Seq;

/// <summary>What <c>Fit</c> saw and did. It travels with the saved model.</summary>
public sealed record TrainingReport
{
    /// <summary>The data.</summary>
    public required DataStatistics Data { get; init; }

    /// <summary>Trained weights, each counted once.</summary>
    public required long Parameters { get; init; }

    /// <summary>Updates of the weights.</summary>
    public required long Steps { get; init; }

    /// <summary>Passes over the data begun.</summary>
    public required int Epochs { get; init; }

    /// <summary>Updates left out because the gradient was not finite or no row fitted into memory.</summary>
    public required int SkippedSteps { get; init; }

    /// <summary>Times that a batch was split for want of memory; the update stays that of the whole batch.</summary>
    public int SplitBatches { get; init; }

    /// <summary>Times that a row was left out of an update because it did not fit into memory even alone: a row counts
    /// once for every epoch.</summary>
    public int RowsLeftOut { get; init; }

    /// <summary>Time spent training, validation included.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Why training ended.</summary>
    public required string StopReason { get; init; }

    /// <summary>Lowest validation loss, in nats for each target token: that of the weights kept; null without
    /// validation rows.</summary>
    public required double? BestValidationLoss { get; init; }

    /// <summary>Of the weights kept, over the validation rows: <c>Loss</c> in nats for each target token,
    /// <c>Perplexity</c>, which is e to its power, and the <see cref="TrainingOptions.ValidationMetric"/> by its name where
    /// it is not the loss, by greedy search. Empty without validation rows, and for models of versions that did not keep
    /// it.</summary>
    public IReadOnlyDictionary<string, double> FinalMetrics { get; init; } = new Dictionary<string, double>();

    /// <summary>Every option that the model was trained with, by its path, such as <c>Training.MaxEpochs</c>; numbers in
    /// invariant culture. Folders are left out, those of files too: they say where it was trained, not how. Empty for models
    /// of versions that did not keep it.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>A point for each validation, and one for the end.</summary>
    public required IReadOnlyList<TrainingPoint> Curve { get; init; }

    /// <summary>Seed of the run, whether given or drawn.</summary>
    public required int Seed { get; init; }

    /// <summary>Where it ran, such as <c>cpu</c> or <c>cuda:0</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Versions of the libraries that trained the model, by name.</summary>
    public required IReadOnlyDictionary<string, string> Versions { get; init; }
}

/// <summary>What <c>Fit</c> saw in the data.</summary>
/// <param name="TrainingRows">Rows trained on.</param>
/// <param name="ValidationRows">Rows validated on.</param>
/// <param name="SkippedRows">Rows left out because source or target was empty.</param>
/// <param name="DroppedRows">Rows left out because they were over-long.</param>
/// <param name="TruncatedRows">Rows cut because they were over-long.</param>
/// <param name="SourceTokens">Source tokens of the training rows.</param>
/// <param name="TargetTokens">Target tokens of the training rows.</param>
/// <param name="SourceVocabulary">Size of the source vocabulary.</param>
/// <param name="TargetVocabulary">Size of the target vocabulary.</param>
public sealed record DataStatistics(
    int TrainingRows,
    int ValidationRows,
    int SkippedRows,
    int DroppedRows,
    int TruncatedRows,
    long SourceTokens,
    long TargetTokens,
    int SourceVocabulary,
    int TargetVocabulary)
{
    /// <summary>Rows read, of training and validation data: those trained on, validated on, and left out.</summary>
    public int RowsRead { get; init; }

    /// <summary>Tokens at the ends of over-long rows that were cut off.</summary>
    public long TokensCut { get; init; }
}

/// <summary>A point of the learning curve.</summary>
/// <param name="Step">Updates of the weights so far.</param>
/// <param name="Epoch">The pass over the data, counted from 1.</param>
/// <param name="TrainLoss">Mean over the tokens since the point before, in nats, without label smoothing.</param>
/// <param name="ValidationLoss">Over all tokens of the validation rows; null without any.</param>
/// <param name="LearningRate">Of the last update.</param>
/// <param name="Elapsed">Since training began.</param>
public sealed record TrainingPoint(
    long Step, int Epoch, double TrainLoss, double? ValidationLoss, double LearningRate, TimeSpan Elapsed)
{
    /// <summary>The <see cref="TrainingOptions.ValidationMetric"/>; null where the loss decides.</summary>
    public double? ValidationMetric { get; init; }
}
