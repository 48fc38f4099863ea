using Microsoft.ML.Seq2Seq.Estimators;
using Microsoft.ML.Seq2Seq.Tests.Persistence;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class FitTests
{
    [TestMethod]
    public void ASmallTaskIsLearned()
    {
        var test = Toy.View(Toy.Rows(200, seed: 2));

        var metrics = new MLContext().Seq2Seq.Evaluate(Toy.Model.Transform(test));

        Assert.IsGreaterThan(0.9, metrics.ExactMatch);
    }

    [TestMethod]
    public void TheSameSeedGivesTheSameModelAndAnotherSeedAnother()
    {
        var first = Curve(seed: 7);

        CollectionAssert.AreEqual(first, Curve(seed: 7));
        CollectionAssert.AreNotEqual(first, Curve(seed: 8));

        static double[] Curve(int seed)
        {
            using var model = new MLContext(seed).Seq2Seq.Trainers.Transformer(Toy.Options(options =>
            {
                options.Training.MaxEpochs = 2;
                options.Architecture.Dropout = 0.1;
            })).Fit(Toy.View(Toy.Rows(100)));
            Assert.AreEqual(seed, model.Report.Seed);
            return [.. model.Report.Curve.Select(point => point.ValidationLoss!.Value)];
        }
    }

    [TestMethod]
    public void SubwordDropoutCutsTheRowsAnewInEveryEpochAndFollowsTheSeed()
    {
        var rows = Toy.Rows(120).Append(new Toy.Row { Source = "", Target = "x" }).ToArray();
        var plain = Losses(dropout: 0, seed: 1);

        CollectionAssert.AreNotEqual(plain, Losses(dropout: 0.3, seed: 1));
        CollectionAssert.AreEqual(Losses(dropout: 0.3, seed: 1), Losses(dropout: 0.3, seed: 1));

        // With a learning rate near zero the loss of an epoch is that of its rows: cut alike, epochs would lose alike.
        double[] Losses(double dropout, int seed)
        {
            using var model = new MLContext(seed).Seq2Seq.Trainers.Transformer(Toy.Options(options =>
            {
                options.Tokenization = new SubwordOptions { VocabularySize = 330, Dropout = dropout };
                options.Training.MaxEpochs = 3;
                options.Training.LearningRate = 1e-12;
                options.Training.Precision = TrainingPrecision.Float32;
            })).Fit(Toy.View(rows));
            double[] losses = [.. model.Report.Curve.Select(point => Math.Round(point.TrainLoss, 5))];
            Assert.AreEqual(dropout == 0 ? 1 : 3, losses.Distinct().Count());
            Assert.AreEqual(1, model.Report.Curve.Select(point => Math.Round(point.ValidationLoss!.Value, 5)).Distinct().Count(), "validation rows stay as they are");
            return losses;
        }
    }

    [TestMethod]
    public void NoRowsAreAClearError()
    {
        var trainer = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Brief());

        StringAssert.Contains(Assert.Throws<InvalidOperationException>(() => trainer.Fit(Toy.View([]))).Message, "no row");
        var empty = new[] { new Toy.Row { Source = "", Target = "x" }, new Toy.Row { Source = "x", Target = null } };
        StringAssert.Contains(Assert.Throws<InvalidOperationException>(() => trainer.Fit(Toy.View(empty))).Message, "2 rows without");
    }

    [TestMethod]
    public void OneRowIsEnough()
    {
        using var model = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Options(options =>
        {
            options.Training.MaxEpochs = 100;
            options.Tokenization = new SubwordOptions();
        })).Fit(Toy.View([new Toy.Row { Source = "one row", Target = "une ligne" }]));

        Assert.AreEqual("une ligne", model.Generate("one row").Text);
        Assert.AreEqual(0, model.Report.Data.ValidationRows);
        Assert.IsNull(model.Report.BestValidationLoss);
    }

    [TestMethod]
    public void OddTextsAreTrainedOnAndEmptyOnesCounted()
    {
        var rows = Toy.OddTexts.Select(text => new Toy.Row { Source = text, Target = "x" }).ToArray();

        using var model = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.ValidationFraction = 0)).Fit(Toy.View(rows));

        Assert.AreEqual(rows.Length, model.Report.Data.TrainingRows + model.Report.Data.SkippedRows);
        Assert.IsGreaterThanOrEqualTo(2, model.Report.Data.SkippedRows);
        Assert.AreEqual(2, model.Report.Data.TruncatedRows, "the two long lines");
    }

    [TestMethod]
    public void OverlongRowsFollowThePolicy()
    {
        var rows = Toy.Rows(20).Append(new Toy.Row { Source = new string('a', 500), Target = "b" }).ToArray();

        Assert.AreEqual((21, 0, 1), Fit(OverflowPolicy.Truncate));
        Assert.AreEqual((20, 1, 0), Fit(OverflowPolicy.Drop));
        StringAssert.Contains(Assert.Throws<InvalidOperationException>(() => Fit(OverflowPolicy.Error)).Message, "MaximumTokens");

        (int, int, int) Fit(OverflowPolicy policy)
        {
            using var model = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
            {
                options.ValidationFraction = 0;
                options.Tokenization.MaximumTokens = 12;
                options.Tokenization.OverflowPolicy = policy;
            })).Fit(Toy.View(rows));
            var data = model.Report.Data;
            // At prediction nothing throws; what isn't to be cut is not predicted.
            Assert.AreEqual(policy == OverflowPolicy.Drop, float.IsNaN(model.Generate(rows[^1].Source!).Score));
            Assert.AreEqual(rows.Length, data.RowsRead);
            Assert.AreEqual(policy == OverflowPolicy.Truncate ? 500 - 12 : 0, data.TokensCut);
            return (data.TrainingRows, data.DroppedRows, data.TruncatedRows);
        }
    }

    [TestMethod]
    public void AFractionIsHeldOutUnlessThereIsAValidationSet()
    {
        using var byFraction = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.ValidationFraction = 0.25)).Fit(Toy.View(Toy.Rows(40)));
        using var bySet = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Brief()).Fit(Toy.View(Toy.Rows(40)), Toy.View(Toy.Rows(5)));

        Assert.AreEqual((40, 45), (byFraction.Report.Data.RowsRead, bySet.Report.Data.RowsRead));
        Assert.AreEqual((30, 10), (byFraction.Report.Data.TrainingRows, byFraction.Report.Data.ValidationRows));
        Assert.AreEqual((40, 5), (bySet.Report.Data.TrainingRows, bySet.Report.Data.ValidationRows));
    }

    [TestMethod]
    [DataRow(ValidationMetric.Bleu, 100)]
    [DataRow(ValidationMetric.ChrF, 100)]
    [DataRow(ValidationMetric.ExactMatch, 1)]
    public void TheValidationMetricDecidesWhichWeightsAreKept(ValidationMetric metric, double perfect)
    {
        var reports = new List<TrainingProgress>();
        using var model = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Options(options =>
        {
            options.Training.MaxEpochs = 4;
            options.Training.ValidationMetric = metric;
            options.Training.Progress = new Note<TrainingProgress>(reports.Add);
        })).Fit(Toy.View(Toy.Rows(60)));

        var validations = reports.Where(report => report.IsValidation).ToArray();
        var best = validations.MaxBy(report => report.ValidationMetric)!;
        Assert.IsInRange(0, perfect, best.ValidationMetric!.Value);
        Assert.AreEqual(best.ValidationLoss, model.Report.BestValidationLoss);
        Assert.AreEqual(best.ValidationMetric, model.Report.FinalMetrics[metric.ToString()]);
        CollectionAssert.AreEqual(
            validations.Select(report => report.ValidationMetric).ToArray(), model.Report.Curve.Select(point => point.ValidationMetric).ToArray());
    }

    [TestMethod]
    [DataRow(nameof(TrainingOptions.CheckpointDirectory))]
    [DataRow(nameof(TrainingOptions.TensorBoardDirectory))]
    public void AFolderThatCannotBeIsNamedBeforeAnyRowIsRead(string option)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "file");
        File.WriteAllText(file, "");
        int read = 0;
        var rows = Toy.Rows(40).Select(row =>
        {
            read++;
            return row;
        });
        var trainer = new MLContext().Seq2Seq.Trainers.Transformer(
            Toy.Brief(options => typeof(TrainingOptions).GetProperty(option)!.SetValue(options.Training, file)));

        StringAssert.StartsWith(Assert.ThrowsExactly<IOException>(() => trainer.Fit(Toy.View(rows))).Message, $"{option} is \"{file}\"; allowed: ");
        Assert.AreEqual(0, read);
    }

    [TestMethod]
    public void CancellationBeforeAnyValidationThrowsAndAfterItGivesTheBestModel()
    {
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        Assert.Throws<OperationCanceledException>(() => Fit(canceled, progress: null));

        using var later = new CancellationTokenSource();
        using var model = Fit(later, new Note<TrainingProgress>(progress =>
        {
            if (progress is { IsValidation: true, Epoch: 2 })
                later.Cancel();
        }));
        Assert.AreEqual("canceled", model.Report.StopReason);
        Assert.IsNotNull(model.Report.BestValidationLoss);

        static Seq2SeqTransformer Fit(CancellationTokenSource cancellation, IProgress<TrainingProgress>? progress) =>
            new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Options(options =>
            {
                options.Training.MaxEpochs = 1000;
                options.Training.EarlyStoppingPatience = null;
                options.Training.CancellationToken = cancellation.Token;
                options.Training.Progress = progress;
            })).Fit(Toy.View(Toy.Rows(40)));
    }

    /// <summary>Texts of more than memory is given for go to <see cref="MLContext.TempFilePath"/>.</summary>
    [TestMethod]
    [DataRow("nothing")]
    [DataRow("an exception")]
    [DataRow("cancellation")]
    public void NoTemporaryFileOutlivesFit(string end)
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        string longText = string.Concat(Enumerable.Repeat("abcdef ", 15_000));
        int open = 0;
        IEnumerable<Toy.Row> Rows()
        {
            for (int i = 0; i < 200; i++) // 21 MB
                yield return new Toy.Row { Source = longText, Target = "x" };
            open = OpenFiles.In(folder.Path).Length;
            if (end == "an exception")
                throw new InvalidTimeZoneException();
            if (end == "cancellation")
                cancellation.Cancel();
            yield return new Toy.Row { Source = "b", Target = "y" };
        }
        var trainer = new MLContext(1) { TempFilePath = folder.Path }.Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
        {
            options.Tokenization.MaximumTokens = 12;
            options.Training.CancellationToken = cancellation.Token;
        }));

        if (end == "nothing")
        {
            using var model = trainer.Fit(Toy.View(Rows()));
            Assert.AreEqual(201, model.Report.Data.RowsRead);
            Assert.AreEqual(200L * (longText.Length - 12), model.Report.Data.TokensCut);
        }
        else if (end == "cancellation")
            Assert.Throws<OperationCanceledException>(() => trainer.Fit(Toy.View(Rows())));
        else
            Assert.Throws<InvalidTimeZoneException>(() => trainer.Fit(Toy.View(Rows())));

        if (OperatingSystem.IsLinux())
            Assert.AreEqual(1, open, "the texts were in a file");
        Assert.IsEmpty(OpenFiles.In(folder.Path));
        Assert.IsEmpty(Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void SeparateVocabulariesAndEmbeddingsTrainAndPredict()
    {
        using var model = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
        {
            options.Tokenization.SharedVocabulary = false;
            options.Architecture.ShareEmbeddings = EmbeddingSharing.DecoderInputOutput;
        })).Fit(Toy.View(Toy.Rows(40)));

        Assert.IsFalse(float.IsNaN(model.Generate("abc").Score));
    }

    [TestMethod]
    public void WeightsThatPredictionCouldNotHoldAreRefusedBeforeTraining()
    {
        var trainer = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.Architecture.ModelDimension = 1_000_000));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => trainer.Fit(Toy.View(Toy.Rows(10)))).Message, "ModelDimension");

        var largest = new ModelArchitecture { Transformer = TransformerArchitecture.Big };
        largest.ValidateSize(524_287, 524_287);
        string message = Assert.ThrowsExactly<ArgumentException>(() => largest.ValidateSize(524_288, 524_288)).Message;
        StringAssert.Contains(message, "'source_embedding' would be 524288 × 1024 numbers");
        StringAssert.Contains(message, "VocabularySize");
        new ModelArchitecture { Recurrent = new RecurrentArchitecture { HiddenDimension = 20_000 } }.ValidateSize(100, 100);
    }

    [TestMethod]
    public void WithoutAGpuFallbackDecides()
    {
        if (TorchSharp.torch.cuda.is_available())
            Assert.Inconclusive("This machine has a GPU.");
        var strict = new MLContext(1) { GpuDeviceId = 0, FallbackToCpu = false };
        var lenient = new MLContext(1) { GpuDeviceId = 0, FallbackToCpu = true };

        StringAssert.Contains(Assert.Throws<InvalidOperationException>(
            () => strict.Seq2Seq.Trainers.Transformer(Toy.Brief()).Fit(Toy.View(Toy.Rows(4)))).Message, "GpuDeviceId");
        using var model = lenient.Seq2Seq.Trainers.Transformer(Toy.Brief()).Fit(Toy.View(Toy.Rows(4)));
        Assert.AreEqual("cpu", model.Report.Device);
    }
}
