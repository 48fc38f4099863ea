namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>The learning rate of each step.</summary>
internal sealed class LearningRate
{
    private const double HighestOfShortWarmup = 0.002;
    private const double PeakByDefault = 0.001;
    private const int PaperWarmup = 4000;

    private readonly LearningRateSchedule _schedule;
    private readonly long _plannedSteps;
    private readonly double _peak;
    private readonly int _warmup;
    private readonly int _patience;
    private readonly double _reduction;

    public LearningRate(TrainingOptions options, long plannedSteps, int modelDimension)
    {
        _schedule = options.Schedule;
        _plannedSteps = plannedSteps;
        _warmup = options.WarmupSteps ?? DefaultWarmup(plannedSteps);
        _patience = options.PlateauPatience;
        _reduction = options.PlateauFactor;
        _peak = options.LearningRate ?? PeakByDefault;
        if (options.LearningRate is null && _schedule == LearningRateSchedule.Noam)
        {
            // d^-½ · min(s^-½, s · w^-1½) is highest at s = w.
            _peak = Math.Pow((double)modelDimension * Math.Max(1, _warmup), -0.5);
            // A warm-up cut to a short plan would make it many times what the paper's 4,000 steps give.
            if (options.WarmupSteps is null)
                _peak = Math.Min(HighestOfShortWarmup, _peak);
        }
    }

    /// <summary>What validations without progress have left of the rate; part of a checkpoint.</summary>
    public double Factor { get; set; } = 1;

    /// <summary>A tenth of the plan, at most the paper's.</summary>
    public static int DefaultWarmup(long plannedSteps) => (int)Math.Clamp(plannedSteps / 10, 1, PaperWarmup);

    /// <summary>Lowers the rate after every so many validations without a better one.</summary>
    public void OnValidation(int sinceBest)
    {
        if (_schedule == LearningRateSchedule.ReduceOnPlateau && sinceBest > 0 && sinceBest % _patience == 0)
            Factor *= _reduction;
    }

    /// <summary>The rate of a step; the first step is 1.</summary>
    public double At(long step)
    {
        if (step < _warmup)
            return _peak * step / _warmup;
        // Zero one step after the last, so that no step of the plan is lost.
        double left = Math.Clamp((double)(_plannedSteps + 1 - step) / Math.Max(1, _plannedSteps + 1 - _warmup), 0, 1);
        return _peak * _schedule switch
        {
            LearningRateSchedule.Noam or LearningRateSchedule.InverseSquareRoot =>
                Math.Sqrt((double)Math.Max(1, _warmup) / Math.Max(step, Math.Max(1, _warmup))),
            LearningRateSchedule.Cosine => 0.5 * (1 - Math.Cos(Math.PI * left)),
            LearningRateSchedule.Linear => left,
            LearningRateSchedule.ReduceOnPlateau => Factor,
            _ => 1,
        };
    }
}
