namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class TrainingOptionsTests
{
    public static IEnumerable<(string Option, Action<TrainingOptions> Change)> BadOptions =>
    [
        ("MaxEpochs", o => o.MaxEpochs = 0),
        ("MaxSteps", o => o.MaxSteps = 0),
        ("MaxDuration", o => o.MaxDuration = TimeSpan.Zero),
        ("TokensPerBatch", o => o.TokensPerBatch = 0),
        ("GradientAccumulation", o => o.GradientAccumulation = 0),
        ("LearningRate", o => o.LearningRate = double.NaN),
        ("Schedule", o => o.Schedule = (LearningRateSchedule)99),
        ("WarmupSteps", o => o.WarmupSteps = -1),
        ("PlateauPatience", o => o.PlateauPatience = 0),
        ("PlateauFactor", o => o.PlateauFactor = 1),
        ("Optimizer", o => o.Optimizer = (OptimizerKind)99),
        ("Beta1", o => o.Beta1 = 1),
        ("Beta2", o => o.Beta2 = -0.1),
        ("Epsilon", o => o.Epsilon = 0),
        ("WeightDecay", o => o.WeightDecay = -1),
        ("LabelSmoothing", o => o.LabelSmoothing = 1),
        ("ConsistencyWeight", o => o.ConsistencyWeight = -1),
        ("ConsistencyStartStep", o => o.ConsistencyStartStep = -1),
        ("GradientClipNorm", o => o.GradientClipNorm = double.PositiveInfinity),
        ("AverageBest", o => o.AverageBest = true),
        ("AverageBest", o => (o.AverageBest, o.ExponentialMovingAverage) = (true, 0.9)),
        ("AverageCheckpoints", o => o.AverageCheckpoints = 0),
        ("AverageCheckpoints", o => (o.AverageCheckpoints, o.ExponentialMovingAverage) = (2, 0.9)),
        ("ExponentialMovingAverage", o => o.ExponentialMovingAverage = 1),
        ("ValidationMetric", o => o.ValidationMetric = (ValidationMetric)99),
        ("ValidateEverySteps", o => o.ValidateEverySteps = 0),
        ("EarlyStoppingPatience", o => o.EarlyStoppingPatience = 0),
        ("Precision", o => o.Precision = (TrainingPrecision)99),
        ("CheckpointDirectory", o => o.CheckpointDirectory = " "),
        ("CheckpointEverySteps", o => o.CheckpointEverySteps = 0),
        ("KeepCheckpoints", o => o.KeepCheckpoints = 0),
        ("Resume", o => o.Resume = (ResumeMode)99),
        ("Resume", o => o.Resume = ResumeMode.Require),
        ("TensorBoardDirectory", o => o.TensorBoardDirectory = ""),
        ("Threads", o => o.Threads = 0),
    ];

    [TestMethod]
    [DynamicData(nameof(BadOptions))]
    public void ABadOptionIsNamed(string option, Action<TrainingOptions> change)
    {
        var options = new TrainingOptions();
        options.Validate();
        change(options);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate);
        Assert.AreEqual(option, error.ParamName);
        Assert.Contains("allowed: ", error.Message);
    }
}
