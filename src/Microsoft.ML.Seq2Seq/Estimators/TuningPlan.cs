using Microsoft.ML.Seq2Seq.Training;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Successive halving (Jamieson and Talwalkar 2016; Li et al. 2018): all trials climb the first rung, the best of them
/// the next, which is longer, and so on until one is left. A trial goes on from where it stood.</summary>
/// <param name="Rungs">How many trials climb it, and its end in units of the first rung's.</param>
internal sealed record TuningPlan(IReadOnlyList<(int Trials, double End)> Rungs)
{
    /// <summary>What all climbs take, in units of the first rung.</summary>
    public double Units => Rungs.Select((rung, i) => rung.Trials * (rung.End - (i == 0 ? 0 : Rungs[i - 1].End))).Sum();

    public int Climbs => Rungs.Sum(rung => rung.Trials);

    public static TuningPlan Create(int trials, int reduction)
    {
        var rungs = new List<(int, double)> { (trials, 1) };
        for (double end = reduction; trials > 1; end *= reduction)
        {
            trials = (trials + reduction - 1) / reduction;
            rungs.Add((trials, end));
        }
        return new TuningPlan(rungs);
    }
}

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
