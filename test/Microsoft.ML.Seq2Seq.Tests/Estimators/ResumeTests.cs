namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class ResumeTests
{
    [TestMethod]
    [DataRow(7, 0)]
    [DataRow(7, 0.2)]
    [DataRow(null, 0)]
    public void AFitThatWasStoppedGoesOnToTheSameModel(int? seed, double subwordDropout)
    {
        using var folder = new TemporaryFolder();
        var rows = Toy.Rows(80);
        using var stopped = Fit(7, new Stop());
        using var resumed = Fit(seed);
        using var whole = Fit(7, path: null);

        Assert.AreEqual("canceled", stopped.Report.StopReason);
        Assert.AreEqual(7, resumed.Report.Seed, "a run without a seed of its own goes on with that of the checkpoint");
        Assert.AreEqual(whole.Report.Steps, resumed.Report.Steps);
        CollectionAssert.AreEqual(
            whole.Report.Curve.Select(point => (point.Step, point.TrainLoss, point.ValidationLoss)).ToArray(),
            resumed.Report.Curve.Select(point => (point.Step, point.TrainLoss, point.ValidationLoss)).ToArray());
        Assert.AreEqual(whole.Generate("fade").Score, resumed.Generate("fade").Score);

        Seq2SeqTransformer Fit(int? seed, Stop? stop = null, string? path = "") => new MLContext(seed).Seq2Seq.Trainers.Transformer(
            Toy.Options(options =>
            {
                options.Training.MaxEpochs = 3;
                options.Training.CheckpointDirectory = path is null ? null : folder.Path;
                options.Training.CheckpointEverySteps = 2;
                options.Training.Progress = stop;
                options.Training.CancellationToken = stop?.Token ?? default;
                options.Architecture.Dropout = 0.1;
                options.Tokenization = new SubwordOptions { VocabularySize = 330, Dropout = subwordDropout };
            })).Fit(Toy.View(rows));
    }

    [TestMethod]
    public void ACheckpointOfAnotherSeedOrOtherRowsIsRefusedByName()
    {
        using var folder = new TemporaryFolder();
        Fit(1, Toy.Rows(40)).Dispose();

        StringAssert.Contains(Assert.Throws<InvalidOperationException>(() => Fit(2, Toy.Rows(40))).Message, "seed");
        StringAssert.Contains(Assert.Throws<InvalidOperationException>(() => Fit(1, Toy.Rows(41))).Message, "rows");
        StringAssert.Contains(Assert.Throws<InvalidOperationException>(() => Fit(1, Toy.Rows(40), subwordDropout: 0.1)).Message, "subword dropout");

        Seq2SeqTransformer Fit(int seed, Toy.Row[] rows, double subwordDropout = 0) => new MLContext(seed).Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
        {
            options.Training.CheckpointDirectory = folder.Path;
            options.Tokenization = new SubwordOptions { VocabularySize = 330, Dropout = subwordDropout };
        })).Fit(Toy.View(rows));
    }

    [TestMethod]
    public void FitWritesTensorBoardFiles()
    {
        using var folder = new TemporaryFolder();
        using var model = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
        {
            options.Training.TensorBoardDirectory = folder.Path;
        })).Fit(Toy.View(Toy.Rows(40)));

        Assert.HasCount(1, Directory.GetFiles(folder.Path, "events.out.tfevents.*"));
    }

    /// <summary>Cancels after the first epoch.</summary>
    private sealed class Stop : IProgress<TrainingProgress>
    {
        private readonly CancellationTokenSource _source = new();

        public CancellationToken Token => _source.Token;

        public void Report(TrainingProgress value)
        {
            if (value.IsValidation)
                _source.Cancel();
        }
    }
}

/// <summary>A folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
