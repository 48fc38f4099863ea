using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class CheckpointTests
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"seq2seq-{Guid.NewGuid():n}");
    private readonly EncodedPairs _training = Runs.RandomPairs(40, seed: 4);
    private readonly EncodedPairs _validation = Runs.RandomPairs(10, seed: 5);

    [TestCleanup]
    public void DeleteDirectory()
    {
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    public static IEnumerable<(string Name, Action<TrainingOptions> Change)> Recipes =>
    [
        ("plain", _ => { }),
        ("two replicas", o => o.Threads = 2),
        ("bfloat16", o => o.Precision = TrainingPrecision.BFloat16),
        ("moving average", o => o.ExponentialMovingAverage = 0.9),
        ("average of checkpoints", o => o.AverageCheckpoints = 3),
        ("average of the best", o => (o.AverageCheckpoints, o.AverageBest, o.LearningRate) = (2, true, 0.05)),
        ("accumulation", o => o.GradientAccumulation = 3),
        ("plateau", o => (o.Schedule, o.PlateauPatience, o.LearningRate) = (LearningRateSchedule.ReduceOnPlateau, 1, 0.1)),
        ("within an epoch", o => (o.ValidateEverySteps, o.CheckpointEverySteps) = (5, 1)),
    ];

    /// <summary>The run dies in the middle of a step that no checkpoint holds: what comes after the newest one is done
    /// anew.</summary>
    [TestMethod]
    [DynamicData(nameof(Recipes))]
    public void AKilledRunContinuesToTheVerySameEnd(string name, Action<TrainingOptions> change)
    {
        using var scope = NewDisposeScope();
        var (expected, expectedRun) = Train(change);
        foreach (long death in new[] { 8, 17 })
            Assert.ThrowsExactly<InvalidTimeZoneException>(() => Train(Checkpointed(change), new Watcher(
                run => _ = run.Step == death ? throw new InvalidTimeZoneException() : false)));
        long first = 0;
        var (actual, run) = Train(Checkpointed(change), new Watcher(run => first = first == 0 ? run.Step : first));
        Assert.IsGreaterThan(8, first, $"{name}: it should not have begun anew");
        Assert.IsTrue(expected.eq(actual).all().item<bool>(), $"{name}: other weights");
        Assert.AreEqual(expectedRun.Step, run.Step);
        Assert.AreEqual(expectedRun.StopReason, run.StopReason);
        CollectionAssert.AreEqual(Losses(expectedRun), Losses(run));
    }

    /// <summary>More rows than are planned at once: the run dies in the second window of the first epoch.</summary>
    [TestMethod]
    public void ARunOverMuchDataContinuesWhereItWas()
    {
        using var scope = NewDisposeScope();
        using var pairs = Runs.RandomPairs(1_100_000, seed: 4, longest: 1);
        var seen = new List<(long Step, int Epoch, double Norm)>();
        var whole = Run(new TrainingOptions());
        var complete = seen.ToArray();
        long death = whole.Step * 2 / 5;
        Assert.ThrowsExactly<InvalidTimeZoneException>(() => Run(Checkpointed(), death));
        seen.Clear();
        var resumed = Run(Checkpointed());

        Assert.AreEqual(death, seen[0].Step);
        CollectionAssert.AreEqual(complete[(int)(death - 1)..], seen);
        Assert.AreEqual(2, resumed.Epoch);
        Assert.AreEqual("MaxEpochs reached", resumed.StopReason);

        TrainingOptions Checkpointed() => new() { CheckpointDirectory = _directory, CheckpointEverySteps = 1 };

        TrainingRun Run(TrainingOptions options, long? death = null)
        {
            (options.TokensPerBatch, options.MaxEpochs) = (250_000, 2);
            using var model = new BigramModel();
            return Runs.Train(model, pairs, null, options, 1, null, new Watcher(run =>
            {
                if (run.Step == death)
                    throw new InvalidTimeZoneException();
                seen.Add((run.Step, run.Epoch, run.GradientNorm));
            }));
        }
    }

    /// <summary>Wherever it was canceled: within an epoch, right before or in a validation, or at its last step.</summary>
    [TestMethod]
    public void ACanceledRunMayBeContinued()
    {
        using var scope = NewDisposeScope();
        void Averaged(TrainingOptions options) => (options.AverageCheckpoints, options.MaxEpochs, options.EarlyStoppingPatience) = (3, 3, null);
        var (expected, expectedRun) = Train(Averaged);
        for (long last = 1; last <= expectedRun.Step; last++)
        {
            bool canceled = false;
            var cancel = new Watcher(run => canceled = run.Step == last);
            if (last < expectedRun.Curve[0].Step + 1)
                Assert.ThrowsExactly<OperationCanceledException>(() => Train(Checkpointed(Averaged), cancel, () => canceled));
            else
                Train(Checkpointed(Averaged), cancel, () => canceled);
            var (actual, run) = Train(Checkpointed(Averaged));
            Assert.IsTrue(expected.eq(actual).all().item<bool>(), $"other weights after step {last}");
            Assert.AreEqual(expectedRun.Step, run.Step);
            CollectionAssert.AreEqual(Losses(expectedRun), Losses(run), $"another curve after step {last}");
            DeleteDirectory();
        }
    }

    /// <summary>Also between the score of the weights and the validation of the mean that they are part of.</summary>
    [TestMethod]
    public void ARunThatRanksWeightsMayBeContinuedWhereverItWasCanceled()
    {
        using var scope = NewDisposeScope();
        void Best(TrainingOptions options) => (options.AverageCheckpoints, options.AverageBest, options.MaxEpochs, options.LearningRate) = (2, true, 3, 0.05);
        int questions = 0;
        var (expected, expectedRun) = Train(Best, null, () => ++questions < 0);
        for (int last = 1; last <= questions; last++)
        {
            int asked = 0;
            try
            {
                Train(Checkpointed(Best), null, () => ++asked >= last);
            }
            catch (OperationCanceledException)
            {
                // Nothing was validated yet.
            }
            var (actual, _) = Train(Checkpointed(Best));
            Assert.IsTrue(expected.eq(actual).all().item<bool>(), $"other weights after question {last}");
            DeleteDirectory();
        }
        Assert.HasCount(3, expectedRun.Curve);
    }

    [TestMethod]
    public void AFinishedRunIsNotTrainedAgain()
    {
        using var scope = NewDisposeScope();
        var (expected, expectedRun) = Train(Checkpointed());
        var (actual, run) = Train(Checkpointed());
        Assert.IsTrue(expected.eq(actual).all().item<bool>());
        Assert.AreEqual(expectedRun.StopReason, run.StopReason);
        Assert.AreEqual(expectedRun.BestValidationLoss, run.BestValidationLoss);
        Assert.HasCount(expectedRun.Curve.Count, run.Curve);
    }

    [TestMethod]
    public void TheNewestFewAreKeptAndNothingElseIsLeft()
    {
        Directory.CreateDirectory(_directory);
        File.WriteAllText(Path.Combine(_directory, "step-0000000001.checkpoint.1a2b3c4d.5e6.tmp"), "half");
        using var scope = NewDisposeScope();
        Train(o => (o.CheckpointDirectory, o.CheckpointEverySteps, o.KeepCheckpoints, o.MaxSteps) = (_directory, 4, 3, 22));
        CollectionAssert.AreEqual(
            new[] { "step-0000000016.checkpoint", "step-0000000020.checkpoint", "step-0000000022.checkpoint" },
            Directory.GetFiles(_directory).Select(Path.GetFileName).Order().ToArray());
    }

    [TestMethod]
    [DataRow("LabelSmoothing 0.1; now it is 0.2")]
    [DataRow("TokensPerBatch 60; now it is 61")]
    [DataRow("Dropout 0.2; now it is 0.3")]
    [DataRow("FeedForwardDimension 24; now it is 32")]
    [DataRow("training rows 40 with hash ")]
    [DataRow("validation rows 10 with hash ")]
    public void ACheckpointOfAnotherRunIsRefusedByName(string difference)
    {
        using var scope = NewDisposeScope();
        Train(Checkpointed());
        var other = Runs.RandomPairs(40, seed: 6);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() =>
        {
            using var model = TinyModels.Create(TinyModels.Architecture(a =>
            {
                a.Dropout = difference.StartsWith("Dropout", StringComparison.Ordinal) ? 0.3 : 0.2;
                a.FeedForwardDimension = difference.StartsWith("Feed", StringComparison.Ordinal) ? 32 : 24;
            }));
            var options = Options(Checkpointed());
            options.LabelSmoothing = difference.StartsWith("Label", StringComparison.Ordinal) ? 0.2 : 0.1;
            options.TokensPerBatch = difference.StartsWith("Tokens", StringComparison.Ordinal) ? 61 : 60;
            Runs.Train(model,
                difference.StartsWith("training", StringComparison.Ordinal) ? other : _training,
                difference.StartsWith("validation", StringComparison.Ordinal) ? other : _validation, options);
        });
        Assert.Contains(difference, error.Message);
        Assert.Contains(_directory, error.Message);
    }

    [TestMethod]
    public void RequireNeedsACheckpoint()
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => Train(o => (o.CheckpointDirectory, o.Resume) = (_directory, ResumeMode.Require)));
        Assert.Contains(_directory, error.Message);
    }

    [TestMethod]
    public void NeverStartsAnewAndReplacesTheOldRun()
    {
        using var scope = NewDisposeScope();
        Train(o => (o.CheckpointDirectory, o.MaxEpochs) = (_directory, 5));
        var steps = new List<long>();
        var (_, run) = Train(
            o => (o.CheckpointDirectory, o.MaxEpochs, o.Resume) = (_directory, 1, ResumeMode.Never), new Watcher(run => steps.Add(run.Step)));
        Assert.AreEqual(1, steps[0]);
        string file = Directory.GetFiles(_directory).Single();
        Assert.AreEqual($"step-{run.Step:d10}.checkpoint", Path.GetFileName(file));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(7)]
    [DataRow(1000)]
    [DataRow(-1)]
    public void ADamagedCheckpointIsNamed(int length)
    {
        using var scope = NewDisposeScope();
        Train(Checkpointed());
        string newest = Directory.GetFiles(_directory).Order().Last();
        using (var file = File.OpenWrite(newest))
            file.SetLength(length < 0 ? file.Length + length : length);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => Train(Checkpointed()));
        Assert.Contains(newest, error.Message);
    }

    private static double[] Losses(TrainingRun run) =>
        [.. run.Curve.SelectMany(point => new[] { point.TrainLoss, point.ValidationLoss!.Value, point.LearningRate })];

    private (Tensor Weights, TrainingRun Run) Train(
        Action<TrainingOptions> change, ITrainingObserver? observer = null, Func<bool>? isCanceled = null)
    {
        using var model = TinyModels.Create(TinyModels.Architecture(a => a.Dropout = 0.2));
        var run = Runs.Train(model, _training, _validation, Options(change), 1, isCanceled, observer is null ? [] : [observer]);
        return (Runs.Weights(model), run);
    }

    private Action<TrainingOptions> Checkpointed(Action<TrainingOptions>? change = null) => options =>
    {
        options.CheckpointDirectory = _directory;
        change?.Invoke(options);
    };

    private static TrainingOptions Options(Action<TrainingOptions> change)
    {
        var options = new TrainingOptions { TokensPerBatch = 60, MaxEpochs = 8, LearningRate = 0.01, GradientClipNorm = 0.5 };
        change(options);
        return options;
    }
}
