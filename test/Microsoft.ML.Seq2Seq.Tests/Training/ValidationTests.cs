using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class ValidationTests
{
    private readonly EncodedPairs _training = Runs.RandomPairs(20, seed: 4);
    private readonly EncodedPairs _validation = Runs.RandomPairs(33, seed: 5);

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    public void LossIsThatOfAllTokensWhateverTheBatchSize(int threads)
    {
        foreach (int tokens in new[] { 1, 50, 1_000_000 })
        {
            using var model = TinyModels.Create(TinyModels.Architecture(a => a.Dropout = 0.5));
            double expected = 0;
            var run = Runs.Train(model, _training, _validation, new TrainingOptions { TokensPerBatch = tokens, MaxSteps = 1, Threads = threads }, 1, null,
                new Watcher(onValidation: _ => expected = Runs.Loss(model, _validation)));
            Assert.AreEqual(expected, run.ValidationLoss!.Value, 1e-5);
        }
    }

    [TestMethod]
    public void BestWeightsComeBack()
    {
        using var scope = NewDisposeScope();
        using var model = new BigramModel();
        var seen = new List<(double Loss, Tensor Weights)>();
        // Random targets: it learns, then overfits; the large constant rate makes sure of it.
        var run = Runs.Train(model, _training, _validation, Overfitting(), 1, null,
            new Watcher(onValidation: run => seen.Add((run.ValidationLoss!.Value, run.Parameters.Values.clone()))));
        var best = seen.MinBy(point => point.Loss);
        Assert.IsGreaterThan(best.Loss + 0.1, seen[^1].Loss, "it should have overfitted");
        Assert.AreEqual(best.Loss, run.BestValidationLoss);
        Assert.IsTrue(best.Weights.eq(Runs.Weights(model)).all().item<bool>());
    }

    [TestMethod]
    public void EarlyStoppingStopsAfterThePatience()
    {
        using var model = new BigramModel();
        var losses = new List<double>();
        var run = Runs.Train(model, _training, _validation, Overfitting(), 1, null,
            new Watcher(onValidation: run => losses.Add(run.ValidationLoss!.Value)), new EarlyStopping(4));
        int best = losses.IndexOf(losses.Min());
        Assert.AreEqual(best + 4, losses.Count - 1);
        Assert.AreEqual("no better validation in 4 validations", run.StopReason);
    }

    [TestMethod]
    public void ValidationsComeEverySoManySteps()
    {
        var steps = new List<long>();
        using var model = new BigramModel();
        Runs.Train(model, _training, _validation,
            new TrainingOptions { TokensPerBatch = 1, MaxSteps = 50, MaxEpochs = 100, ValidateEverySteps = 15 }, 1, null,
            new Watcher(onValidation: run => steps.Add(run.Step)));
        CollectionAssert.AreEqual(new long[] { 15, 30, 45, 50 }, steps);
    }

    [TestMethod]
    public void WithoutAnIntervalEveryEpochEndsWithAValidation()
    {
        var steps = new List<long>();
        using var model = new BigramModel();
        Runs.Train(model, _training, _validation, new TrainingOptions { TokensPerBatch = 1, MaxEpochs = 3 }, 1, null,
            new Watcher(onValidation: run => steps.Add(run.Step)));
        CollectionAssert.AreEqual(new long[] { 20, 40, 60 }, steps);
    }

    [TestMethod]
    public void CanceledBeforeTheFirstValidationThrows()
    {
        bool canceled = false;
        using var model = new BigramModel();
        Assert.ThrowsExactly<OperationCanceledException>(() => Runs.Train(model, _training, _validation,
            new TrainingOptions { TokensPerBatch = 1 }, 1, () => canceled, new Watcher(onStep: run => canceled = run.Step == 3)));
    }

    [TestMethod]
    public void CanceledDuringTheFirstValidationThrows()
    {
        bool canceled = false;
        using var model = new BigramModel { OnValidation = () => canceled = true };
        Assert.ThrowsExactly<OperationCanceledException>(() => Runs.Train(model, _training, _validation,
            new TrainingOptions { TokensPerBatch = 20 }, 1, () => canceled));
    }

    [TestMethod]
    public void CanceledAfterAValidationKeepsTheBestSoFar()
    {
        using var scope = NewDisposeScope();
        bool canceled = false;
        Tensor? validated = null;
        using var model = new BigramModel();
        var run = Runs.Train(model, _training, _validation, new TrainingOptions { TokensPerBatch = 1 }, 1, () => canceled,
            new Watcher(run => canceled = run.Step == 30, run => validated = run.Parameters.Values.clone()));
        Assert.AreEqual(31, run.Step); // asked after the step, before its observers
        Assert.AreEqual("canceled", run.StopReason);
        Assert.IsTrue(validated!.eq(Runs.Weights(model)).all().item<bool>());
    }

    [TestMethod]
    public void CanceledWhileRowsAreScoredKeepsTheBestSoFar()
    {
        using var scope = NewDisposeScope();
        double?[] scores = [5, null];
        var seen = new List<Tensor>();
        using var model = new BigramModel();
        var run = new TrainingLoop(model, _training, _validation, new TrainingOptions { TokensPerBatch = 50 }, 1, () => false,
            new Watcher(onValidation: run => seen.Add(run.Parameters.Values.clone())))
        {
            Scorer = () => scores[seen.Count],
        }.Run();
        Assert.AreEqual("canceled", run.StopReason);
        Assert.HasCount(1, seen);
        Assert.HasCount(1, run.Curve);
        Assert.IsTrue(seen[0].eq(Runs.Weights(model)).all().item<bool>());
    }

    [TestMethod]
    public void CancelingAFinishedRunChangesNothing()
    {
        bool canceled = false;
        using var model = new BigramModel();
        var run = Runs.Train(model, _training, null, new TrainingOptions { TokensPerBatch = 1, MaxEpochs = 1 }, 1, () => canceled,
            new Watcher(onValidation: _ => canceled = true));
        Assert.AreEqual("MaxEpochs reached", run.StopReason);
    }

    [TestMethod]
    public void AMetricDecidesWhatIsBestAndWhenToStop()
    {
        using var scope = NewDisposeScope();
        double[] scores = [1, 5, 3, 5, 4, 2];
        var seen = new List<Tensor>();
        using var model = new BigramModel();
        var options = new TrainingOptions { TokensPerBatch = 50, MaxEpochs = 20 };
        var loop = new TrainingLoop(model, _training, _validation, options, 1, () => false,
            new Watcher(onValidation: run => seen.Add(run.Parameters.Values.clone())), new EarlyStopping(4))
        {
            Scorer = () => scores[seen.Count],
        };
        var run = loop.Run();
        Assert.HasCount(6, seen); // 5 was not beaten by another 5
        Assert.AreEqual(5, run.BestScore);
        Assert.IsTrue(seen[1].eq(Runs.Weights(model)).all().item<bool>());
        Assert.AreEqual(run.Curve[1].ValidationLoss, run.BestValidationLoss);
    }

    [TestMethod]
    public void APlateauNeedsValidationRows()
    {
        using var model = new BigramModel();
        var error = Assert.ThrowsExactly<InvalidOperationException>(() =>
            Runs.Train(model, _training, null, new TrainingOptions { Schedule = LearningRateSchedule.ReduceOnPlateau }));
        Assert.Contains("ReduceOnPlateau", error.Message);
    }

    [TestMethod]
    public void APlateauLowersTheLearningRate()
    {
        double[] scores = [1, 2, 2, 2, 2, 2, 3, 3];
        var rates = new List<double>();
        using var model = new BigramModel();
        var options = new TrainingOptions
        {
            TokensPerBatch = 1_000_000,
            MaxEpochs = scores.Length,
            Schedule = LearningRateSchedule.ReduceOnPlateau,
            LearningRate = 1,
            WarmupSteps = 0,
            PlateauFactor = 0.1,
        };
        new TrainingLoop(model, _training, _validation, options, 1, () => false,
            new Watcher(onValidation: run => rates.Add(run.LearningRate)))
        {
            Scorer = () => scores[rates.Count],
        }.Run();
        double[] expected = [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01];
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], rates[i], 1e-9, $"epoch {i + 1}");
    }

    private static TrainingOptions Overfitting() => new()
    {
        TokensPerBatch = 1_000_000,
        MaxEpochs = 60,
        LearningRate = 0.05,
        Schedule = LearningRateSchedule.Constant,
        WarmupSteps = 1,
        LabelSmoothing = 0,
    };
}
