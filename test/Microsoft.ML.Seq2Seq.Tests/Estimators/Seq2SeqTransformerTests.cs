using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class Seq2SeqTransformerTests
{
    private static readonly MLContext _ml = new(1);

    [TestMethod]
    public void EmptyNullAndOddTextsNeverThrowAndNeverStopTheOthers()
    {
        var rows = Toy.OddTexts.Select(text => new Toy.Row { Source = text }).ToArray();

        var scored = Toy.Scored(Toy.Model.Transform(Toy.View(rows)));

        Assert.HasCount(rows.Length, scored);
        Assert.AreEqual(scored[0].PredictedTarget, scored[^1].PredictedTarget);
        for (int i = 0; i < rows.Length; i++)
        {
            bool isEmpty = string.IsNullOrEmpty(rows[i].Source);
            Assert.AreEqual(isEmpty, float.IsNaN(scored[i].Score), $"row {i}");
            if (isEmpty)
                Assert.AreEqual("", scored[i].PredictedTarget);
            var alone = Toy.Model.Generate(rows[i].Source!);
            Assert.AreEqual(alone.Text, scored[i].PredictedTarget, $"row {i}");
        }
    }

    [TestMethod]
    public void ARowsOutputIsTheSameToTheBitAloneInAnyBatchAndInAnyOrder()
    {
        var rows = Toy.Rows(100, seed: 3);
        string[] sources = [.. rows.Select(row => row.Source!)];
        var alone = sources.Select(source => Toy.Model.Generate(source)).ToArray();

        foreach (int batchTokens in new[] { 1, 64, 100_000 })
        {
            var options = new DecodingOptions { BatchTokens = batchTokens };
            var forward = Toy.Model.Generate(sources, options);
            var backward = Toy.Model.Generate(sources.Reverse(), options).Reverse().ToArray();
            for (int i = 0; i < sources.Length; i++)
            {
                Assert.AreEqual(alone[i].Text, forward[i].Text);
                Assert.AreEqual(alone[i].Text, backward[i].Text);
                Assert.AreEqual(alone[i].Score, forward[i].Score);
                Assert.AreEqual(alone[i].Score, backward[i].Score);
            }
        }
    }

    [TestMethod]
    public void APredictionEngineAgreesWithTransform()
    {
        var rows = Toy.Rows(30, seed: 4);
        var expected = Toy.Scored(Toy.Model.Transform(Toy.View(rows)));
        using var model = Toy.Model.WithDecoding(new DecodingOptions());
        using var engine = _ml.Model.CreatePredictionEngine<Toy.Row, Toy.Prediction>(model);

        for (int i = 0; i < rows.Length; i++)
        {
            var prediction = engine.Predict(rows[i]);
            Assert.AreEqual(expected[i].PredictedTarget, prediction.PredictedTarget);
            Assert.AreEqual(expected[i].Score, prediction.Score);
            Assert.AreEqual(rows[i].Number, prediction.Number);
        }
    }

    [TestMethod]
    [DataRow(InferencePrecision.Float32)]
    [DataRow(InferencePrecision.BFloat16)]
    [DataRow(InferencePrecision.Int8)]
    public void EightThreadsGetWhatOneGetsToTheBit(InferencePrecision precision)
    {
        var options = new DecodingOptions { Precision = precision };
        var rows = Toy.Rows(64, seed: 5);
        var expected = rows.Select(row => Toy.Model.Generate(row.Source!, options)).Select(one => (one.Text, one.Score)).ToArray();
        (string, float)[] byGenerate = new (string, float)[rows.Length], byEngine = new (string, float)[rows.Length];
        // Nobody has asked it for the precision before: the threads do so at the same time.
        using var shared = Toy.Model.Quantize(InferencePrecision.Float32);
        using var together = new Barrier(8);
        var threads = Enumerable.Range(0, 8).Select(thread => new Thread(() =>
        {
            using var model = shared.WithDecoding(options);
            using var engine = _ml.Model.CreatePredictionEngine<Toy.Row, Toy.Prediction>(model);
            together.SignalAndWait();
            for (int i = thread; i < rows.Length; i += 8)
            {
                var generation = shared.Generate(rows[i].Source!, options);
                byGenerate[i] = (generation.Text, generation.Score);
                var prediction = engine.Predict(rows[i]);
                byEngine[i] = (prediction.PredictedTarget, prediction.Score);
            }
        })).ToArray();

        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();

        CollectionAssert.AreEqual(expected, byGenerate);
        CollectionAssert.AreEqual(expected, byEngine);
    }

    [TestMethod]
    public void DisposingOneOfTwoThatShareWeightsLeavesTheOtherAlive()
    {
        var first = Toy.Model.WithDecoding(new DecodingOptions { Strategy = DecodingStrategy.Greedy });
        var engine = _ml.Model.CreatePredictionEngine<Toy.Row, Toy.Prediction>(first);
        engine.Dispose(); // disposes the transformer that it owns

        Assert.Throws<ObjectDisposedException>(() => first.Generate("abc"));
        Assert.AreEqual("ABC", Toy.Model.Generate("abc").Text);
    }

    [TestMethod]
    public void TheLastOwnerFreesTheWeights()
    {
        var model = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief()).Fit(Toy.View(Toy.Rows(8)));
        var twin = model.WithDecoding(new DecodingOptions { BeamSize = 2 });
        model.Dispose();
        model.Dispose();
        Assert.IsFalse(float.IsNaN(twin.Generate("abc").Score));
        twin.Dispose();
        Assert.Throws<ObjectDisposedException>(() => twin.Generate("abc"));
    }

    [TestMethod]
    public void HypothesesComeBestFirstAsColumnsAndOnTheGeneration()
    {
        using var model = Toy.Model.WithDecoding(new DecodingOptions { NumberOfHypotheses = 3 });
        var view = model.Transform(Toy.View(Toy.Rows(5)));
        using var cursor = view.GetRowCursor(view.Schema);
        var getTexts = cursor.GetGetter<Data.VBuffer<ReadOnlyMemory<char>>>(view.Schema["Hypotheses"]);
        var getScores = cursor.GetGetter<Data.VBuffer<float>>(view.Schema["HypothesisScores"]);
        var getSource = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Source"]);
        Data.VBuffer<ReadOnlyMemory<char>> texts = default;
        Data.VBuffer<float> scores = default;
        ReadOnlyMemory<char> source = default;
        while (cursor.MoveNext())
        {
            getTexts(ref texts);
            getScores(ref scores);
            getSource(ref source);
            var generation = model.Generate(source.ToString());
            CollectionAssert.AreEqual(
                generation.Hypotheses.Select(hypothesis => hypothesis.Text).ToArray(),
                texts.DenseValues().Select(text => text.ToString()).ToArray());
            float[] values = [.. scores.DenseValues()];
            Assert.HasCount(3, values);
            CollectionAssert.AreEqual(values.OrderDescending().ToArray(), values);
            Assert.AreEqual(generation.Text, generation.Hypotheses[0].Text);
        }
    }

    [TestMethod]
    public void SavedWeightsCarryTheNamesOfTheParameters()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.safetensors");
        try
        {
            Toy.Model.SaveWeights(path);
            using var stream = File.OpenRead(path);
            var tensors = Seq2Seq.Persistence.SafeTensors.Read(stream);
            Assert.AreEqual(Toy.Model.Report.Parameters, tensors.Values.Sum(tensor => tensor.numel()));
            Assert.IsTrue(tensors.ContainsKey("encoder.0.self_attention.query_key_value.weight"));
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
            Assert.IsEmpty(Directory.GetFiles(Path.GetTempPath(), Path.GetFileName(path) + ".*.tmp"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void InvalidDecodingOptionsAreRefusedByName()
    {
        var wrong = new DecodingOptions { BeamSize = 0 };

        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => Toy.Model.Generate("a", wrong)).Message, "BeamSize");
        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => Toy.Model.WithDecoding(wrong)).Message, "BeamSize");
    }
}

/// <summary>Counts the process's tensors, so nothing may run beside it.</summary>
[TestClass]
[DoNotParallelize]
public sealed class TensorLifetimeTests
{
    [TestMethod]
    public void AThousandPredictionsLeaveNoTensorBehind()
    {
        string[] sources = [.. Toy.Rows(50, seed: 6).Select(row => row.Source!)];
        Predict();
        long before = LiveTensors();
        for (int i = 0; i < 20; i++)
            Predict();
        Assert.AreEqual(before, LiveTensors());

        void Predict()
        {
            foreach (string source in sources)
                Toy.Model.Generate(source);
            Toy.Model.Score([(sources[0], "x")]);
        }
    }

    [TestMethod]
    public void AFitAndADisposeLeaveNoTensorBehind()
    {
        Fit();
        // TorchSharp goes on counting the tensor that a Parameter was made of, though it is empty by then.
        long miscounted = Growth(() =>
        {
            using var generator = new Generator(1, CPU);
            new Seq2Seq.Modeling.TransformerModel(Toy.Brief().Architecture, 20, 20, generator).Dispose();
        });
        Assert.AreEqual(miscounted, Growth(Fit));

        static void Fit() => new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Brief()).Fit(Toy.View(Toy.Rows(8))).Dispose();

        static long Growth(Action action)
        {
            long before = LiveTensors();
            action();
            return LiveTensors() - before;
        }
    }

    /// <summary>What earlier tests left to the garbage collector is not counted.</summary>
    private static long LiveTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }
}
