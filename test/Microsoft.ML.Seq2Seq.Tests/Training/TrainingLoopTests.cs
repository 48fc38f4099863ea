using Microsoft.ML.Seq2Seq.Tests.Estimators;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class TrainingLoopTests
{
    private const int OneRowPerBatch = 1;
    private const int AllRowsInOneBatch = 1_000_000;

    [TestMethod]
    public void AccumulatedGradientsEqualTheLargeBatch()
    {
        using var scope = NewDisposeScope();
        var pairs = Runs.RandomPairs(12, seed: 4); // of many lengths: rows do not weigh the same
        Tensor Train(int tokens, int accumulation, int threads = 1)
        {
            using var model = TinyModels.Create();
            // An update in proportion to the gradient, so that a wrong scale shows.
            Runs.Train(model, pairs, null, new TrainingOptions
            {
                TokensPerBatch = tokens,
                GradientAccumulation = accumulation,
                MaxEpochs = 3,
                Threads = threads,
                GradientClipNorm = 0, // clipping would hide the scale
                Epsilon = 1,
                LearningRate = 1,
                Schedule = LearningRateSchedule.Constant,
                WarmupSteps = 0,
            });
            return Runs.Weights(model);
        }

        using var untrained = TinyModels.Create();
        var large = Train(AllRowsInOneBatch, 1);
        Assert.IsGreaterThan(0.01, large.sub(Runs.Weights(untrained)).abs().max().item<float>());
        TinyModels.AssertClose(large, Train(OneRowPerBatch, 12), 1e-4);
        TinyModels.AssertClose(large, Train(20, 12, threads: 2), 1e-4);
    }

    [TestMethod]
    public void LastUpdateOfAnEpochMayHoldFewerBatches()
    {
        using var model = new BigramModel();
        var run = Runs.Train(model, Runs.RandomPairs(5, seed: 4), null,
            new TrainingOptions { TokensPerBatch = OneRowPerBatch, GradientAccumulation = 2, MaxEpochs = 3 });
        Assert.AreEqual(9, run.Step);
        Assert.AreEqual(15, model.Passes);
    }

    [TestMethod]
    public void SameSeedGivesTheSameWeightsAndAnotherSeedOthers()
    {
        using var scope = NewDisposeScope();
        var pairs = Runs.RandomPairs(40, seed: 4);
        Tensor Train(int seed)
        {
            using var model = TinyModels.Create(TinyModels.Architecture(a => a.Dropout = 0.2));
            Runs.Train(model, pairs, null, new TrainingOptions { TokensPerBatch = 64, MaxEpochs = 2 }, seed);
            return Runs.Weights(model);
        }

        var first = Train(1);
        Assert.IsTrue(first.eq(Train(1)).all().item<bool>());
        Assert.IsFalse(first.eq(Train(2)).all().item<bool>());
    }

    [TestMethod]
    public void ClippingLimitsTheUpdateAndReportsTheNormBefore()
    {
        using var scope = NewDisposeScope();
        double norm = 0;
        double Moved(double clip)
        {
            using var model = new BigramModel();
            var before = Runs.Weights(model);
            var run = Runs.Train(model, Runs.RandomPairs(12, seed: 4), null, new TrainingOptions
            {
                TokensPerBatch = AllRowsInOneBatch,
                MaxSteps = 1,
                GradientClipNorm = clip,
                Epsilon = 1000, // the update is then the gradient times a constant
                LearningRate = 1000,
                Schedule = LearningRateSchedule.Constant,
                WarmupSteps = 0,
            });
            norm = run.GradientNorm;
            return Runs.Weights(model).sub(before).norm().item<float>();
        }

        double free = Moved(0), unclippedNorm = norm, clipped = Moved(unclippedNorm / 10);
        Assert.AreEqual(unclippedNorm, norm, 1e-6);
        Assert.AreEqual(free / 10, clipped, free / 1000);
    }

    [TestMethod]
    public void TrainLossIsThatOfTheTokensSinceTheLastValidation()
    {
        using var model = new BigramModel();
        var pairs = Runs.RandomPairs(20, seed: 4);
        double untrained = Runs.Loss(model, pairs);
        var losses = new List<double>();
        Runs.Train(model, pairs, null,
            new TrainingOptions { TokensPerBatch = AllRowsInOneBatch, MaxEpochs = 3, LearningRate = 0.05 }, 1, null,
            new Watcher(onValidation: run => losses.Add(run.TrainLoss)));
        Assert.HasCount(3, losses);
        Assert.AreEqual(untrained, losses[0], 1e-5); // the loss of the only step, before its update, without smoothing
        Assert.IsLessThan(losses[1], losses[2]);
    }

    [TestMethod]
    public void NonFiniteStepsAreSkippedAndCounted()
    {
        using var scope = NewDisposeScope();
        using var model = new BigramModel { Breaks = pass => pass is 2 or 3 };
        Tensor? before = null;
        var unchanged = new List<bool>();
        var losses = new List<double>();
        var run = Runs.Train(model, Runs.RandomPairs(20, seed: 4), null,
            new TrainingOptions { TokensPerBatch = AllRowsInOneBatch, MaxEpochs = 5 }, 1, null,
            new Watcher(
                onStep: run =>
                {
                    var now = run.Parameters.Values.clone();
                    unchanged.Add(before is not null && now.eq(before).all().item<bool>());
                    before = now;
                },
                onValidation: run => losses.Add(run.TrainLoss)));
        Assert.AreEqual(2, run.SkippedSteps);
        CollectionAssert.AreEqual(new[] { false, true, true, false, false }, unchanged);
        CollectionAssert.AreEqual(new[] { true, false, false, true, true }, losses.Select(double.IsFinite).ToArray());
    }

    [TestMethod]
    public void ARunOfNonFiniteStepsStopsWithAClearError()
    {
        using var model = new BigramModel { Breaks = pass => pass > 3 };
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Runs.Train(model, Runs.RandomPairs(20, seed: 4), null,
            new TrainingOptions { TokensPerBatch = AllRowsInOneBatch, MaxEpochs = 100 }));
        Assert.Contains("not finite in 20 steps in a row, up to step 23", error.Message);
        Assert.Contains(nameof(TrainingOptions.LearningRate), error.Message);
    }

    [TestMethod]
    [DataRow(null, 4, null, 12, "MaxEpochs reached")]
    [DataRow(7, 4, null, 7, "MaxSteps reached")]
    [DataRow(null, 1000, 1, null, "MaxDuration reached")]
    public void ThePlanEndsTheRun(int? steps, int epochs, int? milliseconds, int? expectedSteps, string reason)
    {
        using var model = new BigramModel();
        var run = Runs.Train(model, Runs.RandomPairs(3, seed: 4), null, new TrainingOptions
        {
            TokensPerBatch = OneRowPerBatch,
            MaxSteps = steps,
            MaxEpochs = epochs,
            MaxDuration = milliseconds is { } limit ? TimeSpan.FromMilliseconds(limit) : null,
        });
        Assert.AreEqual(reason, run.StopReason);
        if (expectedSteps is { } expected)
            Assert.AreEqual(expected, run.Step);
        else
            Assert.IsLessThan(3000, run.Step);
    }

    [TestMethod]
    public void AnEndBeyondAllTimeIsReportedAsTheLongestTime()
    {
        TimeSpan? left = null;
        var run = new TrainingRun(null!, plannedSteps: long.MaxValue, maxDuration: null) { Step = 1 };
        Thread.Sleep(1);
        new ProgressObserver(new Note<TrainingProgress>(report => left = report.TimeLeft), () => []).OnValidation(run);
        Assert.AreEqual(TimeSpan.MaxValue, left);
    }

    [TestMethod]
    public void TheNumberOfThreadsIsGivenBack()
    {
        int before = get_num_threads(), during = 0;
        using var model = new BigramModel();
        Runs.Train(model, Runs.RandomPairs(3, seed: 4), null, new TrainingOptions { MaxEpochs = 1, Threads = before + 1 }, 1, null,
            new Watcher(onStep: _ => during = get_num_threads()));
        Assert.AreEqual(before + 1, during);
        Assert.AreEqual(before, get_num_threads());
    }

    [TestMethod]
    public void TheModelKeepsNoGradients()
    {
        using var model = new BigramModel();
        Runs.Train(model, Runs.RandomPairs(3, seed: 4), null, new TrainingOptions { MaxEpochs = 1 });
        Assert.IsTrue(model.parameters().All(parameter => parameter.grad is null));
    }
}
