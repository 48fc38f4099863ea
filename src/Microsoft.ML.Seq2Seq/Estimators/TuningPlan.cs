namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Successive halving (Jamieson and Talwalkar 2016; Li et al. 2018): all trials climb the first rung, the best of them
/// the next, which is longer, and so on until one is left. A trial goes on from where it stood.</summary>
/// <param name="Rungs">How many trials climb it, and its end in units of the first rung's.</param>
internal sealed record TuningPlan(IReadOnlyList<(int Trials, double End)> Rungs)
{
    /// <summary>Of the slowest shape on the first rung; fewer tell settings apart by chance alone, and drop the large ones for
    /// being slow.</summary>
    private const int LeastSteps = 60;

    /// <summary>What all climbs take, in units of the first rung.</summary>
    public double Units => Rungs.Select((rung, i) => rung.Trials * (rung.End - (i == 0 ? 0 : Rungs[i - 1].End))).Sum();

    public int Climbs => Rungs.Sum(rung => rung.Trials);

    /// <summary>The plan of the most trials, of 27, 9 and 3, whose first rung is long enough; of 3 where none is.</summary>
    /// <param name="time">For all of it.</param>
    /// <param name="closing">What the score at the end of a climb takes.</param>
    /// <param name="slowestStep">Of all shapes.</param>
    /// <param name="reduction">See <see cref="TuningOptions.Reduction"/>.</param>
    public static TuningPlan Within(TimeSpan time, TimeSpan closing, TimeSpan slowestStep, int reduction) =>
        new[] { 27, 9 }.Select(trials => Create(trials, reduction))
            .FirstOrDefault(plan => plan.Unit(time, closing) >= LeastSteps * slowestStep) ?? Create(3, reduction);

    /// <summary>How long the first rung can be; 0 where there is no time.</summary>
    public TimeSpan Unit(TimeSpan time, TimeSpan closing)
    {
        var unit = (time - (Climbs * closing)) / Units;
        return unit > TimeSpan.Zero ? unit : TimeSpan.Zero;
    }

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
