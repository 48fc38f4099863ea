using Microsoft.ML.Seq2Seq.Training;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Pauses a run at the end of its rung, or of the budget.</summary>
/// <param name="isReached">Whether the rung is climbed.</param>
/// <param name="isOver">Whether the budget is spent.</param>
internal sealed class RungEnd(Func<TrainingRun, bool> isReached, Func<bool> isOver) : ITrainingObserver
{
    private TimeSpan _first, _last; // time of the steps alone
    private long _firstStep, _lastStep;

    /// <summary>Called when the run is paused, before it is validated.</summary>
    public Action? Paused { get; init; }

    /// <summary>Without the first step, which loads and compiles, where there are more.</summary>
    public double SecondsPerStep =>
        (_lastStep > _firstStep ? (_last - _first) / (_lastStep - _firstStep) : _first / Math.Max(1, _firstStep)).TotalSeconds;

    public void OnStep(TrainingRun run)
    {
        if (_firstStep == 0)
            (_first, _firstStep) = (run.TimeTraining, run.Step);
        (_last, _lastStep) = (run.TimeTraining, run.Step);
        if (!isReached(run) && !isOver())
            return;
        run.Pause("paused");
        Paused?.Invoke();
    }

    public void OnValidation(TrainingRun run)
    {
    }
}
