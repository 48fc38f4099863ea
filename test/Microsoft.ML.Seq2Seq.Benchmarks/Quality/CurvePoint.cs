namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>Where a run stood at a moment, with what it had cost by then.</summary>
/// <param name="Step">Updates.</param>
/// <param name="Epoch">Counted from 1.</param>
/// <param name="IsValidation">False where the run was stopped between two validations.</param>
/// <param name="TrainLoss">In nats a token, without smoothing.</param>
/// <param name="ValidationLoss">The same, of the averaged weights where the recipe averages.</param>
/// <param name="ValidationMetric">Of the recipe's choice; null where the loss decides.</param>
/// <param name="LearningRate">Of the last update.</param>
/// <param name="Seconds">Wall time of training so far, over all processes that worked on it.</param>
/// <param name="ProcessorSeconds">Processor time so far, likewise.</param>
/// <param name="TokensPerSecond">Target tokens trained on, validation left out.</param>
internal sealed record CurvePoint(
    long Step, int Epoch, bool IsValidation, double TrainLoss, double? ValidationLoss, double? ValidationMetric,
    double LearningRate, double Seconds, double ProcessorSeconds, double TokensPerSecond);
