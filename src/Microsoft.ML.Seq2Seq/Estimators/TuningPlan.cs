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
