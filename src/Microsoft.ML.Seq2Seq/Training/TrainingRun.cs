using System.Diagnostics;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Where a run stands: written by the loop, read by its observers.</summary>
internal sealed class TrainingRun(FlatParameters parameters, long plannedSteps, TimeSpan? maxDuration)
{
    private readonly Stopwatch _elapsed = Stopwatch.StartNew();
    private TimeSpan _before; // the time of the run that this one continues

    /// <summary>The weights as they are now.</summary>
    public FlatParameters Parameters { get; } = parameters;

    public long Step { get; set; }

    /// <summary>Counted from 1.</summary>
    public int Epoch { get; set; }

    /// <summary>Updates of the epoch done.</summary>
    public int Position { get; set; }

    public double LearningRate { get; set; }

    public double GradientNorm { get; set; }

    public int SkippedSteps { get; set; }

    public int SkippedInARow { get; set; }

    /// <summary>Times that a batch was split for want of memory.</summary>
    public int SplitBatches { get; set; }

    /// <summary>Times that a row was left out because it did not fit into memory even alone.</summary>
    public int RowsLeftOut { get; set; }

    /// <summary>Since the last validation.</summary>
    public LossSum Train { get; set; }

    /// <summary>Per token, at the last validation.</summary>
    public double? ValidationLoss { get; set; }

    /// <summary>At the last validation, higher is better; null where the loss decides.</summary>
    public double? ValidationMetric { get; set; }

    /// <summary>That of the weights kept.</summary>
    public double? BestValidationLoss { get; set; }

    /// <summary>Of the weights kept, higher is better: the metric, or the loss with its sign turned.</summary>
    public double? BestScore { get; set; }

    public int ValidationsSinceBest { get; set; }

    /// <summary>A point for each validation.</summary>
    public List<TrainingPoint> Curve { get; } = [];

    /// <summary>Target tokens since the start, and the time that they took.</summary>
    public long TokensTrained { get; set; }

    public TimeSpan TimeTraining { get; set; }

    /// <summary>Why the run should end; the first reason given counts, but for a cancellation.</summary>
    public string? StopReason { get; private set; }

    public TimeSpan Elapsed => _before + _elapsed.Elapsed;

    public double TrainLoss => Train.Tokens == 0 ? double.NaN : Train.Likelihood / Train.Tokens;

    public double FractionDone
    {
        get
        {
            double bySteps = (double)Step / plannedSteps;
            double byTime = maxDuration is { } limit ? Elapsed / limit : 0;
            return Math.Clamp(Math.Max(bySteps, byTime), 0, 1);
        }
    }

    /// <summary>True where the user ended the run.</summary>
    public bool IsCanceled { get; private set; }

    /// <summary>True where the plan or an observer ended the run: a run out of time or canceled may be continued.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Takes the place of the run of a checkpoint.</summary>
    public void Continue(CheckpointState state)
    {
        (Step, Epoch, Position) = (state.Step, state.Epoch, state.Position);
        (LearningRate, GradientNorm) = (state.LearningRate, state.GradientNorm);
        (SkippedSteps, SkippedInARow, Train) = (state.SkippedSteps, state.SkippedInARow, state.Train);
        (SplitBatches, RowsLeftOut) = (state.SplitBatches, state.RowsLeftOut);
        (ValidationLoss, ValidationMetric) = (state.ValidationLoss, state.ValidationMetric);
        (BestValidationLoss, BestScore, ValidationsSinceBest) = (state.BestValidationLoss, state.BestScore, state.ValidationsSinceBest);
        Curve.AddRange(state.Curve);
        (TokensTrained, TimeTraining, _before) = (state.TokensTrained, state.TimeTraining, state.Elapsed);
        if (state.StopReason is not null)
            Stop(state.StopReason);
    }

    public CheckpointState Snapshot(
        SortedDictionary<string, string> fingerprint, int seed, IReadOnlyList<ulong> drawn, double rateFactor,
        IReadOnlyList<double> averageScores) => new()
        {
            Fingerprint = fingerprint,
            Seed = seed,
            Step = Step,
            Epoch = Epoch,
            Position = Position,
            Drawn = drawn,
            RateFactor = rateFactor,
            LearningRate = LearningRate,
            GradientNorm = GradientNorm,
            SkippedSteps = SkippedSteps,
            SkippedInARow = SkippedInARow,
            SplitBatches = SplitBatches,
            RowsLeftOut = RowsLeftOut,
            Train = Train,
            ValidationLoss = ValidationLoss,
            ValidationMetric = ValidationMetric,
            BestValidationLoss = BestValidationLoss,
            BestScore = BestScore,
            ValidationsSinceBest = ValidationsSinceBest,
            AverageScores = averageScores,
            Curve = Curve,
            TokensTrained = TokensTrained,
            TimeTraining = TimeTraining,
            Elapsed = Elapsed,
            StopReason = IsFinished ? StopReason : null,
        };

    public void Stop(string reason)
    {
        IsFinished |= StopReason is null;
        StopReason ??= reason;
    }

    /// <summary>Ends the run for now: it is not finished.</summary>
    public void Pause(string reason) => StopReason ??= reason;

    public void Cancel()
    {
        IsCanceled = true;
        (IsFinished, StopReason) = (false, "canceled"); // the validation of its last step may still be to come
    }
}

/// <summary>Watches a run. Called on the training thread.</summary>
internal interface ITrainingObserver
{
    /// <summary>After every update.</summary>
    void OnStep(TrainingRun run);

    /// <summary>After every validation, or at the end of every epoch where there are no validation rows.</summary>
    void OnValidation(TrainingRun run);
}
