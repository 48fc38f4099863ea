namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>The learning rate of each step.</summary>
internal sealed class LearningRate
{
    private const double HighestByDefault = 0.002;
    private const int PaperWarmup = 4000;

    private readonly LearningRateSchedule _schedule;
    private readonly long _plannedSteps;
    private readonly double _peak;
    private readonly int _warmup;

    public LearningRate(TrainingOptions options, long plannedSteps, int modelDimension)
    {
        _schedule = options.Schedule;
        _plannedSteps = plannedSteps;
        _warmup = options.WarmupSteps ?? (int)Math.Clamp(plannedSteps / 10, 1, PaperWarmup);
        _peak = options.LearningRate ?? (_schedule == LearningRateSchedule.Noam
            ? Math.Min(HighestByDefault, Math.Pow((double)modelDimension * Math.Max(1, _warmup), -0.5))
            : 0.001);
    }

    /// <summary>The rate of a step; the first step is 1.</summary>
    public double At(long step)
    {
        if (step < _warmup)
            return _peak * step / _warmup;
        double left = Math.Clamp((double)(_plannedSteps - step) / Math.Max(1, _plannedSteps - _warmup), 0, 1);
        return _peak * _schedule switch
        {
            // d^-½ · min(s^-½, s · w^-1½) in the paper: the same curve, with the peak at s = w.
            LearningRateSchedule.Noam or LearningRateSchedule.InverseSquareRoot =>
                Math.Sqrt((double)Math.Max(1, _warmup) / Math.Max(step, Math.Max(1, _warmup))),
            LearningRateSchedule.Cosine => 0.5 * (1 - Math.Cos(Math.PI * left)),
            LearningRateSchedule.Linear => left,
            _ => 1,
        };
    }
}
