using System.IO.Compression;
using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class RecurrentTrainerTests
{
    private static readonly string[] _sources = ["abc", "", "ffeed", "🙂 unknown", "a"];

    private static readonly Lazy<Seq2SeqTransformer> _model = new(() =>
        new MLContext(1).Seq2Seq.Trainers.Recurrent(Options()).Fit(Toy.View(Toy.Rows(800))));

    [TestMethod]
    public void ASmallTaskIsLearned()
    {
        var metrics = new MLContext().Seq2Seq.Evaluate(_model.Value.Transform(Toy.View(Toy.Rows(200, seed: 2))));

        Assert.IsGreaterThan(0.9, metrics.ExactMatch);
    }

    [TestMethod]
    public void AModelComesBackWithIdenticalOutputAndTheFileSaysWhatItIs()
    {
        byte[] file = Save(_model.Value);

        using var loaded = (Seq2SeqTransformer)new MLContext().Model.Load(new MemoryStream(file), out _);

        var (expected, actual) = (_model.Value.Generate(_sources), loaded.Generate(_sources));
        CollectionAssert.AreEqual(expected.Select(one => one.Text).ToArray(), actual.Select(one => one.Text).ToArray());
        CollectionAssert.AreEqual(expected.Select(one => one.Score).ToArray(), actual.Select(one => one.Score).ToArray());
        using var zip = new ZipArchive(new MemoryStream(file));
        using var config = JsonDocument.Parse(zip.Entries.Single(entry => entry.Name == "config.json").Open());
        var architecture = config.RootElement.GetProperty("Architecture");
        Assert.AreEqual("Lstm", architecture.GetProperty("Recurrent").GetProperty("Cell").GetString());
        Assert.IsFalse(architecture.TryGetProperty("Transformer", out _));
    }

    [TestMethod]
    [DataRow("{}", "0 architectures")]
    [DataRow("""{"Transformer":{},"Recurrent":{}}""", "2 architectures")]
    [DataRow("""{"Recurrent":{"HiddenDimension":7}}""", "HiddenDimension is 7")]
    public void AFileHoldsExactlyOneArchitecture(string json, string message)
    {
        var architecture = JsonSerializer.Deserialize<ModelArchitecture>(json)!;

        StringAssert.Contains(Assert.Throws<ArgumentException>(architecture.Validate).Message, message);
    }

    [TestMethod]
    public void AlignmentsAndScoresWorkAsWithTheTransformer()
    {
        using var model = _model.Value.WithDecoding(new DecodingOptions { OutputAlignment = true, OutputTokenScores = true });

        var generation = model.Generate("abc");

        Assert.AreEqual("ABC", generation.Text);
        Assert.HasCount(3, generation.Alignment);
        foreach (var shares in generation.Alignment)
        {
            Assert.HasCount(3, shares);
            Assert.IsInRange(0f, 1.0001f, shares.Sum()); // the rest fell on the end
        }
        float right = model.Score([("abc", "ABC")])[0], wrong = model.Score([("abc", "ACB")])[0];
        Assert.IsGreaterThan(wrong, right);
    }

    [TestMethod]
    public void ManyThreadsGetTheSameAnswersAsOne()
    {
        string[] sources = [.. Toy.Rows(40, seed: 3).Select(row => row.Source!)];
        string[] expected = [.. _model.Value.Generate(sources).Select(one => one.Text)];
        string[] actual = new string[sources.Length];

        Parallel.For(0, sources.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 },
            i => actual[i] = _model.Value.Generate(sources[i]).Text);

        CollectionAssert.AreEqual(expected, actual);
    }

    [TestMethod]
    public void TheEncoderEmbedsTextsWhateverStandsBesideThem()
    {
        var ml = new MLContext(1);
        var view = ml.Seq2Seq.Transforms.Embed(_model.Value, "Vector", "Source").Fit(Toy.View([])).Transform(
            Toy.View([new Toy.Row { Source = "abc" }, new Toy.Row { Source = "fedcba" }, new Toy.Row { Source = "abc" }]));

        float[][] vectors = [.. view.GetColumn<float[]>("Vector")];

        Assert.HasCount(48, vectors[0]);
        CollectionAssert.AreEqual(vectors[0], vectors[2]);
        CollectionAssert.AreNotEqual(vectors[0], vectors[1]);
    }

    [TestMethod]
    public void KeyColumnsOfThePipelineAreTrainedOnAndWritten()
    {
        var ml = new MLContext(1);
        var characters = new SubwordOptions { Kind = SubwordKind.Character };
        var pipeline = ml.Transforms.Text.LearnSubwords("SourceKeys", "Source", characters)
            .Append(ml.Transforms.Text.LearnSubwords("TargetKeys", "Target", characters))
            .Append(ml.Seq2Seq.Trainers.Recurrent(Options(options =>
            {
                options.SourceColumnName = "SourceKeys";
                options.LabelColumnName = "TargetKeys";
                options.Architecture.ShareEmbeddings = EmbeddingSharing.DecoderInputOutput;
                options.Training.MaxEpochs = 15;
            })))
            .Append(ml.Transforms.Text.JoinSubwords("PredictedTarget"));
        var rows = Toy.View(Toy.Rows(800));

        using var model = pipeline.Fit(rows);

        var test = Toy.Rows(50, seed: 2);
        string[] written = Toy.Texts(model.Transform(Toy.View(test)));
        Assert.IsGreaterThan(25, written.Zip(test, (text, row) => text == row.Target).Count(right => right));
    }

    [TestMethod]
    public void TheShortOverloadTakesTheSameColumns()
    {
        using var model = new MLContext(1).Seq2Seq.Trainers
            .Recurrent("Target", "Source", maxEpochs: 1, validationSet: Toy.View(Toy.Rows(3)))
            .Fit(Toy.View(Toy.Rows(5)));

        Assert.AreEqual(3, model.Report.Data.ValidationRows);
        Assert.AreEqual(1, model.Report.Epochs);
    }

    [TestMethod]
    public void TheSameSeedGivesTheSameModelAndAnotherSeedAnother()
    {
        double first = Loss(seed: 7);

        Assert.AreEqual(first, Loss(seed: 7));
        Assert.AreNotEqual(first, Loss(seed: 8));

        static double Loss(int seed)
        {
            using var model = new MLContext(seed).Seq2Seq.Trainers.Recurrent(Options(options =>
            {
                options.Training.MaxEpochs = 2;
                options.Architecture.Dropout = 0.2;
            })).Fit(Toy.View(Toy.Rows(100)));
            return model.Report.BestValidationLoss!.Value;
        }
    }

    public static IEnumerable<object[]> BadOptions()
    {
        static object[] Bad(string option, string message, Action<RecurrentTrainer.Options> change) => [option, message, change];
        yield return Bad("HiddenDimension", "HiddenDimension is 7; allowed: an even number", o => o.Architecture.HiddenDimension = 7);
        yield return Bad("HiddenDimension", "HiddenDimension is 0", o => o.Architecture.HiddenDimension = 0);
        yield return Bad("EmbeddingDimension", "EmbeddingDimension is 0; allowed: 1 to 1000000", o => o.Architecture.EmbeddingDimension = 0);
        yield return Bad("EncoderLayers", "EncoderLayers is 0; allowed: 1 to 1000", o => o.Architecture.EncoderLayers = 0);
        yield return Bad("DecoderLayers", "DecoderLayers is -1; allowed: 1 to 1000", o => o.Architecture.DecoderLayers = -1);
        yield return Bad("Dropout", "Dropout is 1; allowed: 0 or more and less than 1", o => o.Architecture.Dropout = 1);
        yield return Bad("GradientCheckpointing", "GradientCheckpointing is True; allowed: false for a recurrent model",
            o => o.Training.GradientCheckpointing = true);
        yield return Bad("Dropout", "Dropout is NaN", o => o.Architecture.Dropout = double.NaN);
        yield return Bad("Cell", "Cell is 9; allowed: Lstm, Gru", o => o.Architecture.Cell = (RecurrentCell)9);
        yield return Bad("Attention", "Attention is 9; allowed: Bahdanau, Luong", o => o.Architecture.Attention = (RecurrentAttention)9);
        yield return Bad("ShareEmbeddings", "ShareEmbeddings is 9", o => o.Architecture.ShareEmbeddings = (EmbeddingSharing)9);
        yield return Bad("ShareEmbeddings", "ShareEmbeddings is All; allowed: None or DecoderInputOutput where SharedVocabulary is false",
            o => o.Tokenization.SharedVocabulary = false);
        yield return Bad("Architecture", "Architecture is null", o => o.Architecture = null!);
        yield return Bad("SourceColumnName", "SourceColumnName is \"\"", o => o.SourceColumnName = "");
        yield return Bad("MaxEpochs", "MaxEpochs is 0", o => o.Training.MaxEpochs = 0);
    }

    [TestMethod]
    [DynamicData(nameof(BadOptions))]
    public void ABadOptionIsNamedWithItsValueAndWhatIsAllowed(string option, string message, Action<RecurrentTrainer.Options> change)
    {
        var error = Assert.Throws<ArgumentException>(() => new MLContext(1).Seq2Seq.Trainers.Recurrent(Options(change)));

        Assert.AreEqual(option, error.ParamName);
        StringAssert.Contains(error.Message, message);
    }

    [TestMethod]
    public void TheTrainerCopiesItsOptions()
    {
        var options = Options(o => o.Training.MaxSteps = 1);
        var trainer = new MLContext(1).Seq2Seq.Trainers.Recurrent(options);
        options.Architecture.HiddenDimension = 7;

        using var model = trainer.Fit(Toy.View(Toy.Rows(10)));

        Assert.AreEqual(1, model.Report.Steps);
    }

    private static RecurrentTrainer.Options Options(Action<RecurrentTrainer.Options>? change = null)
    {
        var options = new RecurrentTrainer.Options
        {
            Architecture = new RecurrentArchitecture
            {
                HiddenDimension = 48,
                EmbeddingDimension = 24,
                EncoderLayers = 1,
                DecoderLayers = 1,
                Dropout = 0,
            },
            Training = new TrainingOptions { MaxEpochs = 25, TokensPerBatch = 256, LearningRate = 0.01, WarmupSteps = 50 },
            Tokenization = new SubwordOptions { Kind = SubwordKind.Character },
        };
        change?.Invoke(options);
        return options;
    }

    private static byte[] Save(ITransformer model)
    {
        using var file = new MemoryStream();
        new MLContext(1).Model.Save(model, Toy.View(Toy.Rows(1)).Schema, file);
        return file.ToArray();
    }
}
