using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Interop;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class EmbeddingTests
{
    private static readonly MLContext _ml = new(1);

    [TestMethod]
    [DataRow(EmbeddingPooling.Mean)]
    [DataRow(EmbeddingPooling.Max)]
    [DataRow(EmbeddingPooling.First)]
    public void AVectorIsWhatTheEncoderSaysPooledByHand(EmbeddingPooling pooling)
    {
        string[] sources = ["abc", "f", "fedcba"];

        float[][] vectors = Vectors(sources, pooling);

        for (int i = 0; i < sources.Length; i++)
            AssertClose(ByHand(sources[i], pooling), vectors[i]);
    }

    [TestMethod]
    [DataRow(EmbeddingPooling.Mean)]
    [DataRow(EmbeddingPooling.Max)]
    [DataRow(EmbeddingPooling.First)]
    public void AVectorIsTheSameAloneAndInAnyCompanyAndOrder(EmbeddingPooling pooling)
    {
        // More than one window of the look-ahead, and of many lengths.
        string[] sources = [.. Toy.Rows(300).Select(row => row.Source!), new string('a', 400)];

        float[][] together = Vectors(sources, pooling), backward = Vectors(sources.Reverse(), pooling);

        for (int i = 0; i < sources.Length; i++)
            AssertClose(together[i], backward[^(i + 1)]);
        foreach (int i in new[] { 0, 17, 299, 300 })
            AssertClose(together[i], Vectors([sources[i]], pooling)[0]);
    }

    [TestMethod]
    public void EmptyTextsAreZerosAndOddOnesAreVectors()
    {
        float[][] vectors = Vectors(Toy.OddTexts, EmbeddingPooling.Max);

        for (int i = 0; i < vectors.Length; i++)
        {
            Assert.HasCount(32, vectors[i]);
            Assert.IsTrue(vectors[i].All(float.IsFinite));
            Assert.AreEqual(string.IsNullOrEmpty(Toy.OddTexts[i]), vectors[i].All(value => value == 0));
        }
    }

    [TestMethod]
    public void AStockTrainerLearnsOrderFromVectorsAndNotFromBagsOfLetters()
    {
        var train = Toy.View(Pairs(400, seed: 11));
        var test = Toy.View(Pairs(200, seed: 12));

        double first = Accuracy(_ml.Seq2Seq.Transforms.Embed(Toy.Model, "Features", "Source", EmbeddingPooling.First));
        double mean = Accuracy(_ml.Seq2Seq.Transforms.Embed(Toy.Model, "Features", "Source"));
        double bag = Accuracy(_ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Letters", "Source", useMarkerCharacters: false)
            .Append(_ml.Transforms.Text.ProduceNgrams("Features", "Letters", ngramLength: 1)));

        Assert.IsLessThan(0.65, bag, "order is the only clue");
        Assert.IsGreaterThan(0.95, first);
        Assert.IsGreaterThan(0.95, mean);

        double Accuracy(IEstimator<ITransformer> features)
        {
            var chain = _ml.Transforms.Conversion.MapValueToKey("Label", "Target").Append(features)
                .Append(_ml.MulticlassClassification.Trainers.SdcaMaximumEntropy());
            return _ml.MulticlassClassification.Evaluate(chain.Fit(train).Transform(test)).MicroAccuracy;
        }

        // Two letters and which comes first; every pair comes in both orders.
        static Toy.Row[] Pairs(int count, int seed)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).Select(_ =>
            {
                char[] letters = [.. "abcdef"];
                random.Shuffle(letters);
                return new Toy.Row { Source = new string(letters, 0, 2), Target = letters[0].ToString() };
            })];
        }
    }

    [TestMethod]
    public void ACacheBeforeATrainerSparesTheEncoderItsPasses()
    {
        int read = 0;
        IEnumerable<Toy.Row> Rows()
        {
            foreach (var row in Toy.Rows(60))
            {
                read++;
                yield return new Toy.Row { Source = row.Source, Target = row.Source![..1] };
            }
        }
        var data = _ml.Data.LoadFromEnumerable(Rows());

        _ml.Transforms.Conversion.MapValueToKey("Label", "Target").Append(_ml.Seq2Seq.Transforms.Embed(Toy.Model, "Features", "Source"))
            .AppendCacheCheckpoint(_ml)
            .Append(_ml.MulticlassClassification.Trainers.SdcaMaximumEntropy()).Fit(data);

        Assert.IsLessThan(10 * 60, read); // without it thousands of times 60
    }

    [TestMethod]
    public void KeysOfTheModelsVocabularyAreReadToo()
    {
        var data = Toy.View(Toy.Rows(30).Select(row => new Toy.Row { Source = row.Source, Target = row.Source }));
        var keys = _ml.Transforms.Text.LearnSubwords("Keys", "Source", new SubwordOptions { Kind = SubwordKind.Character }).Fit(data).Transform(data);
        using var model = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.ValidationFraction = 0)).Fit(data);

        float[][] byKeys = Vectors(_ml.Seq2Seq.Transforms.Embed(model, "Vector", "Keys"), keys);

        float[][] byText = Vectors(_ml.Seq2Seq.Transforms.Embed(model, "Vector", "Source"), data);
        for (int i = 0; i < byText.Length; i++)
            CollectionAssert.AreEqual(byText[i], byKeys[i]);
    }

    [TestMethod]
    public void ARecurrentModelTrainedOnKeysEmbedsToo()
    {
        var data = Toy.View(Toy.Rows(40));
        var options = new SubwordOptions { Kind = SubwordKind.Character };
        var keys = _ml.Transforms.Text.LearnSubwords("Source", options: options).Append(_ml.Transforms.Text.LearnSubwords("Target", options: options))
            .Fit(data).Transform(data);
        using var model = _ml.Seq2Seq.Trainers.Recurrent(new RecurrentTrainer.Options
        {
            Architecture = new() { HiddenDimension = 24, EmbeddingDimension = 8, ShareEmbeddings = EmbeddingSharing.DecoderInputOutput },
            Training = new() { MaxSteps = 2 },
        }).Fit(keys);

        float[][] vectors = Vectors(_ml.Seq2Seq.Transforms.Embed(model, "Vector", "Source"), keys);

        Assert.IsTrue(vectors.All(vector => vector.Length == 24));
        AssertClose(vectors[7], Vectors(_ml.Seq2Seq.Transforms.Embed(model, "Vector", "Source"), _ml.Data.TakeRows(_ml.Data.SkipRows(data, 7), 1))[0]);
        Assert.IsInstanceOfType<VectorDataViewType>(model.Transform(keys).Schema["PredictedTarget"].Type);
    }

    [TestMethod]
    public void AFreshProcessLoadsAChainOfEmbeddingAndStockTrainer()
    {
        var data = _ml.Data.LoadFromEnumerable(Toy.Rows(60).Select(row => new { row.Source, Label = (float)row.Source!.Length }));
        var model = _ml.Seq2Seq.Transforms.Embed(Toy.Model, "Features", "Source", EmbeddingPooling.Max)
            .Append(_ml.Regression.Trainers.Sdca()).Fit(data);

        ModelFileTests.AssertFreshProcess(model, "Source");
    }

    [TestMethod]
    public void APredictionEngineGivesTheVectorAndMayOwnItsTransformer()
    {
        float[] expected = Vectors(["abc"], EmbeddingPooling.Mean)[0];
        var data = Toy.View(Toy.Rows(1));
        var model = Toy.Model.WithDecoding(new DecodingOptions());
        var embedding = _ml.Seq2Seq.Transforms.Embed(model, "Vector", "Source").Fit(data);
        model.Dispose();

        using (var engine = _ml.Model.CreatePredictionEngine<Toy.Row, Embedded>(embedding))
            AssertClose(expected, engine.Predict(new Toy.Row { Source = "abc" }).Vector);
        embedding.Dispose();

        // The weights are shared, and still in use.
        Assert.AreEqual("ABC", Toy.Model.Generate("abc").Text);
    }

    [TestMethod]
    public void WeightsAreFreedWithTheirLastOwner()
    {
        var data = Toy.View(Toy.Rows(8));
        var model = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief()).Fit(data);
        var estimator = _ml.Seq2Seq.Transforms.Embed(model, "Vector", "Source");
        var embedding = estimator.Fit(data);
        model.Dispose();
        var view = embedding.Transform(data);
        Assert.HasCount(8, view.GetColumn<float[]>("Vector").ToArray());

        embedding.Dispose();

        Assert.Throws<ObjectDisposedException>(() => view.GetColumn<float[]>("Vector").ToArray());
        Assert.AreEqual(nameof(Seq2SeqTransformer), Assert.Throws<ObjectDisposedException>(() => estimator.Fit(data)).ObjectName);
    }

    [TestMethod]
    public void WrongColumnsAndOptionsAreNamed()
    {
        var data = Toy.View(Toy.Rows(2));
        foreach (string column in new[] { "Number", "Nowhere" })
        {
            var estimator = _ml.Seq2Seq.Transforms.Embed(Toy.Model, "Vector", column);
            StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => estimator.Fit(data)).Message, $"'{column}'");
            Assert.Throws<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(SchemaColumns.ShapeOf(data.Schema)));
        }
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => _ml.Seq2Seq.Transforms.Embed(Toy.Model, "")).Message, "outputColumnName");
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => _ml.Seq2Seq.Transforms.Embed(null!, "a")).Message, "model");
        StringAssert.Contains(
            Assert.Throws<ArgumentException>(() => _ml.Seq2Seq.Transforms.Embed(Toy.Model, "a", pooling: (EmbeddingPooling)7)).Message, "pooling");
    }

    private static float[][] Vectors(IEnumerable<string?> sources, EmbeddingPooling pooling) => Vectors(
        _ml.Seq2Seq.Transforms.Embed(Toy.Model, "Vector", "Source", pooling),
        Toy.View(sources.Select(source => new Toy.Row { Source = source })));

    private static float[][] Vectors(EmbeddingEstimator estimator, IDataView data)
    {
        using var embedding = estimator.Fit(data);
        return [.. embedding.Transform(data).GetColumn<float[]>("Vector")];
    }

    private static float[] ByHand(string source, EmbeddingPooling pooling)
    {
        using var module = Toy.Module();
        using var noGrad = torch.no_grad();
        int[] ids = Toy.Model.Generator.Codec.Source.Encode(source);
        using var batch = SourceBatch.Create([ids], torch.CPU);
        using var states = module.Encode(batch, training: null);
        float[] values = states.data<float>().ToArray(); // (1, tokens and end, 32)
        return [.. Enumerable.Range(0, 32).Select(dimension =>
        {
            var tokens = Enumerable.Range(0, ids.Length).Select(token => values[(token * 32) + dimension]);
            return pooling switch
            {
                EmbeddingPooling.Mean => tokens.Average(),
                EmbeddingPooling.Max => tokens.Max(),
                _ => tokens.First(),
            };
        })];
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-5f);
    }

    private sealed class Embedded
    {
        public float[] Vector { get; set; } = [];
    }
}
