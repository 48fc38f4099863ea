using Microsoft.ML.Seq2Seq.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class TuningPlanTests
{
    [TestMethod]
    [DataRow(9, 3, new[] { 9, 3, 1 }, 9 + (3 * 2) + 6)]
    [DataRow(10, 3, new[] { 10, 4, 2, 1 }, 10 + (4 * 2) + (2 * 6) + 18)]
    [DataRow(1, 3, new[] { 1 }, 1)]
    public void RungsHoldFewerTrialsForLonger(int trials, int reduction, int[] rungs, int units)
    {
        var plan = TuningPlan.Create(trials, reduction);

        CollectionAssert.AreEqual(rungs, plan.Rungs.Select(rung => rung.Trials).ToArray());
        CollectionAssert.AreEqual(rungs.Select((_, i) => Math.Pow(reduction, i)).ToArray(), plan.Rungs.Select(rung => rung.End).ToArray());
        Assert.AreEqual(units, plan.Units);
    }

    [TestMethod]
    [DataRow(81 * 60 + 40 * 5, 27)] // 27 trials take 81 first rungs and are scored 40 times
    [DataRow(81 * 60 + 40 * 5 - 1, 9)]
    [DataRow(21 * 60 + 13 * 5, 9)]
    [DataRow(21 * 60 + 13 * 5 - 1, 3)]
    [DataRow(1, 3)]
    public void ThereAreAsManyTrialsAsTheSlowestShapeHasSixtyStepsFor(int seconds, int trials)
    {
        var plan = TuningPlan.Within(
            TimeSpan.FromSeconds(seconds), closing: TimeSpan.FromSeconds(5), slowestStep: TimeSpan.FromSeconds(1), reduction: 3);

        Assert.AreEqual(trials, plan.Rungs[0].Trials);
    }

    [TestMethod]
    public void TrialsAreSpreadEvenlyOverTheSpace()
    {
        var options = new TuningOptions();
        var space = new TuningSpace(options, options.VocabularySizes, seed: 7);

        TuningTrial[] trials = [.. Enumerable.Range(2, 40).Select(number => space.Trial(number, _ => 1000, firstRung: 1.0 / 3))];

        CollectionAssert.AreEquivalent(options.VocabularySizes.ToArray(), trials.Select(trial => trial.VocabularySize).Distinct().ToArray());
        Assert.IsTrue(trials.GroupBy(trial => trial.VocabularySize).All(group => group.Count() is >= 6 and <= 10));
        Assert.IsInRange(18, 22, trials.Count(trial => trial.Architecture.ModelDimension == 128));
        Assert.IsTrue(trials.All(trial => trial.Dropout is >= 0 and < 0.4 && trial.LearningRate is >= 3e-4 and < 5e-3 && trial.WarmupSteps == 100));
        // On each side of the middle as many, in logarithms.
        Assert.IsInRange(17, 23, trials.Count(trial => trial.LearningRate < Math.Sqrt(3e-4 * 5e-3)));
        Assert.IsInRange(17, 23, trials.Count(trial => trial.Dropout < 0.2));
        Assert.AreNotEqual(trials[0].Dropout, new TuningSpace(options, options.VocabularySizes, seed: 8).Trial(2, _ => 1000, firstRung: 1.0 / 3).Dropout);
    }

    [TestMethod]
    public void TheFirstTrialIsWhatWasGiven()
    {
        var options = new TuningOptions();
        options.Trainer.Architecture.Dropout = 0.45;

        var given = new TuningSpace(options, [1000], seed: 1).Trial(1, _ => 500, firstRung: 1);

        Assert.AreEqual(0.45, given.Dropout);
        Assert.AreEqual(options.Trainer.Tokenization.VocabularySize, given.VocabularySize);
        Assert.AreEqual(50, given.WarmupSteps);
        Assert.AreEqual(0.002, given.LearningRate, 1e-9); // the most that the schedule takes by itself
    }

    [TestMethod]
    public void TheWarmupIsOverByTheMiddleOfTheFirstRung()
    {
        var options = new TuningOptions();

        var trial = Trial();
        Assert.AreEqual(27, trial.WarmupSteps); // half of 500 / 9; usually it is a tenth of 500
        Assert.AreEqual(0.002, trial.LearningRate, 1e-9);
        options.Trainer.Training.WarmupSteps = 80;
        Assert.AreEqual(80, Trial().WarmupSteps);

        TuningTrial Trial() => new TuningSpace(options, [1000], seed: 1).Trial(1, _ => 500, firstRung: 1.0 / 9);
    }
}
