using Microsoft.ML.Seq2Seq.Training;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class LearningRateTests
{
    private const int Dimension = 512;

    [TestMethod]
    [DataRow(100_000, 4000, DisplayName = "the paper's warm-up")]
    [DataRow(100_000, null, DisplayName = "the paper's by default")]
    [DataRow(500, 50, DisplayName = "a short warm-up asked for")]
    [DataRow(20, 100, DisplayName = "a warm-up longer than the plan")]
    public void NoamIsThePapersFormula(int planned, int? warmup)
    {
        var rate = new LearningRate(new TrainingOptions { WarmupSteps = warmup }, planned, Dimension);
        double w = warmup ?? 4000;
        foreach (int step in new[] { 1, 2, 10, 19, 20, 49, 50, 51, 3999, 4000, 4001, 99_999, 100_000 })
            Assert.AreEqual(
                Math.Pow(Dimension, -0.5) * Math.Min(Math.Pow(step, -0.5), step * Math.Pow(w, -1.5)), rate.At(step), 1e-12, $"step {step}");
    }

    [TestMethod]
    public void NoamWithAShortWarmupByDefaultStaysBelowTwoThousandths()
    {
        var rate = new LearningRate(new TrainingOptions(), 300, Dimension); // warm-up 30; the formula's peak is 0.008
        Assert.AreEqual(0.002, rate.At(30), 1e-12);
        Assert.AreEqual(0.002 / 30, rate.At(1), 1e-12);
        Assert.AreEqual(0.002 * Math.Sqrt(30.0 / 120), rate.At(120), 1e-12);
    }

    [TestMethod]
    [DataRow(LearningRateSchedule.Noam)]
    [DataRow(LearningRateSchedule.InverseSquareRoot)]
    [DataRow(LearningRateSchedule.Cosine)]
    [DataRow(LearningRateSchedule.Linear)]
    [DataRow(LearningRateSchedule.Constant)]
    [DataRow(LearningRateSchedule.ReduceOnPlateau)]
    public void EveryScheduleRisesLinearlyToTheRateAskedFor(LearningRateSchedule schedule)
    {
        var rate = Rate(schedule);
        for (int step = 1; step <= 10; step++)
            Assert.AreEqual(0.5 * step / 10, rate.At(step), 1e-12, $"step {step}");
    }

    [TestMethod]
    public void SchedulesFollowTheirFormulas()
    {
        for (int step = 10; step <= 110; step++)
        {
            double done = (step - 10) / 101.0; // 1 one step after the last
            Assert.AreEqual(0.5 * Math.Sqrt(10.0 / step), Rate(LearningRateSchedule.InverseSquareRoot).At(step), 1e-12);
            Assert.AreEqual(0.25 * (1 + Math.Cos(Math.PI * done)), Rate(LearningRateSchedule.Cosine).At(step), 1e-12);
            Assert.AreEqual(0.5 * (1 - done), Rate(LearningRateSchedule.Linear).At(step), 1e-12);
            Assert.AreEqual(0.5, Rate(LearningRateSchedule.Constant).At(step), 1e-12);
        }
    }

    [TestMethod]
    [DataRow(LearningRateSchedule.Noam)]
    [DataRow(LearningRateSchedule.InverseSquareRoot)]
    [DataRow(LearningRateSchedule.Cosine)]
    [DataRow(LearningRateSchedule.Linear)]
    [DataRow(LearningRateSchedule.Constant)]
    [DataRow(LearningRateSchedule.ReduceOnPlateau)]
    public void NoStepOfThePlanHasRateZero(LearningRateSchedule schedule)
    {
        foreach (int planned in new[] { 1, 2, 3, 50 })
            foreach (int? warmup in new int?[] { null, 0, 1 })
            {
                var rate = new LearningRate(new TrainingOptions { Schedule = schedule, WarmupSteps = warmup }, planned, Dimension);
                for (int step = 1; step <= planned; step++)
                    Assert.IsGreaterThan(0, rate.At(step), $"step {step} of {planned}, warm-up {warmup}");
            }
    }

    private static LearningRate Rate(LearningRateSchedule schedule) =>
        new(new TrainingOptions { Schedule = schedule, LearningRate = 0.5, WarmupSteps = 10 }, 110, Dimension);
}
