using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Persistence;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

/// <summary>Models whose weights are integers or bfloat16.</summary>
[TestClass]
public sealed class QuantizedModelTests
{
    private static readonly MLContext _ml = new(1);
    private static readonly string[] _sources = ["abc", "", "ffeed", "🙂 unknown", "a", "fedcba", "bbbb"];

    [TestMethod]
    [DataRow(InferencePrecision.Int8)]
    [DataRow(InferencePrecision.BFloat16)]
    public void AQuantizedModelWritesWhatTheTrainedOneDoes(InferencePrecision precision)
    {
        using var quantized = Toy.Model.Quantize(precision);
        string[] sources = [.. Toy.Rows(200, seed: 3).Select(row => row.Source!)];

        var expected = Toy.Model.Generate(sources);
        var actual = quantized.Generate(sources);

        int same = expected.Zip(actual).Count(pair => pair.First.Text == pair.Second.Text);
        Assert.IsGreaterThan(195, same);
        Assert.IsTrue(expected.Zip(actual).Any(pair => pair.First.Score != pair.Second.Score), "it was rounded");
    }

    [TestMethod]
    [DataRow(InferencePrecision.Int8)]
    [DataRow(InferencePrecision.BFloat16)]
    public void ItComesBackFromAFileWithIdenticalOutput(InferencePrecision precision)
    {
        using var quantized = Toy.Model.Quantize(precision);
        byte[] file = ModelFileTests.Save(quantized);

        using var loaded = (Seq2SeqTransformer)ModelFileTests.Load(file);

        ModelFileTests.AssertSameOutput(quantized.Generate(_sources), loaded.Generate(_sources));
        CollectionAssert.AreEqual(Scores(quantized), Scores(loaded));
        CollectionAssert.AreEqual(WeightsOf(file), WeightsOf(ModelFileTests.Save(loaded)), "to the last bit, however often it is saved");
        ModelFileTests.AssertFreshProcess(quantized, "PredictedTarget");
    }

    [TestMethod]
    public void TheFileHoldsIntegersWithAScaleForEachOutputAndFloat32()
    {
        using var quantized = Toy.Model.Quantize();
        using var expected = Toy.Module();
        var weights = Tensors(WeightsOf(ModelFileTests.Save(quantized)));
        try
        {
            foreach (var (name, parameter) in expected.named_parameters())
            {
                var stored = weights[name];
                bool isMatrix = parameter.shape.Length == 2;
                Assert.AreEqual(isMatrix ? ScalarType.Int8 : ScalarType.Float32, stored.dtype, name);
                CollectionAssert.AreEqual(parameter.shape, stored.shape);
                using var scope = NewDisposeScope();
                if (!isMatrix)
                {
                    Assert.AreEqual(0, stored.sub(parameter).abs().max().item<float>(), name);
                    continue;
                }
                // An independent reference: half a unit at most from the weight, and the largest weight is 127 units.
                var scale = parameter.detach().abs().amax([1]).div(127f);
                Assert.AreEqual(0, weights[name + ".scale"].sub(scale).abs().max().item<float>(), 1e-9, name);
                var restored = stored.to(ScalarType.Float32).mul(scale.unsqueeze(1));
                Assert.IsTrue(restored.sub(parameter).abs().le(scale.unsqueeze(1).mul(0.5001f)).all().item<bool>(), name);
            }
        }
        finally
        {
            foreach (var tensor in weights.Values)
                tensor.Dispose();
        }
    }

    [TestMethod]
    public void TheFileIsSmaller()
    {
        long Length(ITransformer model) => WeightsOf(ModelFileTests.Save(model)).Length;
        using Seq2SeqTransformer halves = Toy.Model.Quantize(InferencePrecision.BFloat16), integers = Toy.Model.Quantize();

        Assert.IsLessThan(0.65, Length(halves) / (double)Length(Toy.Model));
        Assert.IsLessThan(0.45, Length(integers) / (double)Length(Toy.Model));
    }

    [TestMethod]
    public async Task EverythingThatATrainedModelDoesWorks()
    {
        using var quantized = Toy.Model.Quantize();
        string text = quantized.Generate("abc").Text;

        Assert.AreEqual(text, Toy.Texts(quantized.Transform(Toy.View([new Toy.Row { Source = "abc" }]))).Single());
        using var engine = _ml.Model.CreatePredictionEngine<Toy.Row, Toy.Prediction>(quantized, new PredictionEngineOptions { OwnsTransformer = false });
        Assert.AreEqual(text, engine.Predict(new Toy.Row { Source = "abc" }).PredictedTarget);
        var pieces = new List<string>();
        await foreach (string piece in quantized.GenerateStreaming("abc"))
            pieces.Add(piece);
        Assert.AreEqual(text, string.Concat(pieces));
        await using var batcher = quantized.CreateBatcher();
        Assert.AreEqual(text, (await batcher.GenerateAsync("abc")).Text);
        // What a model scores is what it says of its own output.
        var generation = quantized.Generate("abc");
        Assert.AreEqual(generation.TokenScores.Sum(), quantized.Score([("abc", text)])[0], 1e-4f);
        float[] trained = Embedding(Toy.Model), rounded = Embedding(quantized);
        for (int i = 0; i < trained.Length; i++)
            Assert.AreEqual(trained[i], rounded[i], 0.2f);

        static float[] Embedding(Seq2SeqTransformer model)
        {
            using var embedding = _ml.Seq2Seq.Transforms.Embed(model, "Vector", "Source").Fit(Toy.View(Toy.Rows(1)));
            return embedding.Transform(Toy.View([new Toy.Row { Source = "abc" }])).GetColumn<float[]>("Vector").Single();
        }
    }

    [TestMethod]
    public void AnEmbeddingOfAQuantizedModelComesBackFromAFile()
    {
        using var quantized = Toy.Model.Quantize();
        using var embedding = _ml.Seq2Seq.Transforms.Embed(quantized, "Vector", "Source").Fit(Toy.View(Toy.Rows(1)));
        var loaded = ModelFileTests.Load(ModelFileTests.Save(embedding));

        var view = Toy.View(Toy.Rows(5));
        float[][] expected = [.. embedding.Transform(view).GetColumn<float[]>("Vector")];
        float[][] actual = [.. loaded.Transform(view).GetColumn<float[]>("Vector")];

        for (int i = 0; i < expected.Length; i++)
            CollectionAssert.AreEqual(expected[i], actual[i]);
    }

    [TestMethod]
    public void SaveWeightsWritesWhatThereIs()
    {
        using var quantized = Toy.Model.Quantize();
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.safetensors");
        try
        {
            quantized.SaveWeights(path);
            CollectionAssert.AreEqual(WeightsOf(ModelFileTests.Save(quantized)), File.ReadAllBytes(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void WhatWasQuantizedCanBePredictedWithInAnyPrecision()
    {
        using var quantized = Toy.Model.Quantize();
        foreach (var precision in Enum.GetValues<InferencePrecision>())
        {
            Assert.AreEqual("ABC", quantized.Generate("abc", new DecodingOptions { Precision = precision }).Text);
            using var again = precision == InferencePrecision.Auto ? null : quantized.Quantize(precision);
            if (again is not null)
                Assert.AreEqual("ABC", again.Generate("abc").Text);
        }
        // The same numbers, whichever way: integers that were float32 in between.
        using var there = quantized.Quantize(InferencePrecision.Float32);
        Assert.AreEqual(
            quantized.Generate("abc", new DecodingOptions { Precision = InferencePrecision.Float32 }).Score, there.Generate("abc").Score);
    }

    [TestMethod]
    [DataRow(InferencePrecision.BFloat16)]
    [DataRow(InferencePrecision.Int8)]
    public void ARowsOutputIsTheSameAloneAndInAnyBatch(InferencePrecision precision)
    {
        string[] sources = [.. Toy.Rows(60, seed: 5).Select(row => row.Source!)];
        foreach (var model in new[] { Toy.Model, Toy.Model.Quantize(precision) })
        {
            var options = new DecodingOptions { Precision = precision };
            var together = model.Generate(sources, options);
            for (int i = 0; i < sources.Length; i++)
            {
                var alone = model.Generate(sources[i], options);
                Assert.AreEqual(alone.Text, together[i].Text);
                Assert.AreEqual(alone.Score, together[i].Score);
            }
            if (model != Toy.Model)
                model.Dispose();
        }
    }

    [TestMethod]
    public void ThePrecisionIsSavedWithTheOptions()
    {
        using var model = Toy.Model.WithDecoding(new DecodingOptions { Precision = InferencePrecision.BFloat16 });

        using var loaded = (Seq2SeqTransformer)ModelFileTests.Load(ModelFileTests.Save(model));

        Assert.AreEqual(InferencePrecision.BFloat16, loaded.Decoding.Precision);
        Assert.AreNotEqual(Toy.Model.Generate("abc").Score, loaded.Generate("abc").Score);
        ModelFileTests.AssertSameOutput(model.Generate(_sources), loaded.Generate(_sources));
    }

    [TestMethod]
    public void AFileThatOlderVersionsCantReadSaysSoAndANewerOneIsRefused()
    {
        using var quantized = Toy.Model.Quantize();

        Assert.AreEqual(0x00010002u, ReadableBy(ModelFileTests.Save(quantized)));
        Assert.AreEqual(0x00010001u, ReadableBy(ModelFileTests.Save(Toy.Model)));

        byte[] newer = ModelFileTests.Save(Toy.Model);
        newer = ModelFileTests.DamageEntry(newer, KeyOf(newer).FullName, key =>
        {
            MemoryMarshal.Write(key.AsSpan(Versions(key)), 0x00010003u);
            MemoryMarshal.Write(key.AsSpan(Versions(key) + sizeof(uint)), 0x00010003u);
            return key;
        });
        StringAssert.Contains(ModelFileTests.LoadingFails(newer).Message, "too new");

        static uint ReadableBy(byte[] file)
        {
            byte[] key = Content(KeyOf(file));
            return MemoryMarshal.Read<uint>(key.AsSpan(Versions(key) + sizeof(uint)));
        }

        static ZipArchiveEntry KeyOf(byte[] file) => new ZipArchive(new MemoryStream(file)).Entries.Single(entry =>
            entry.FullName.EndsWith("Model.key", StringComparison.Ordinal) && Content(entry).AsSpan().IndexOf("SEQ2SEQT"u8) >= 0);

        // ML.NET writes the version and the oldest reader behind the signature.
        static int Versions(byte[] key) => key.AsSpan().IndexOf("SEQ2SEQT"u8) + 8;
    }

    [TestMethod]
    public void AConfigurationFromBeforeQuantizationIsThatOfFloat32()
    {
        // An entry's digest is recorded, so what is read is looked at rather than a changed file.
        byte[] before = WithoutPrecision(ModelFileTests.Save(Toy.Model));
        using var document = JsonDocument.Parse(before);
        var configuration = ModelJson.Read<Microsoft.ML.Seq2Seq.Estimators.ModelConfiguration>(new MemoryStream(before));

        Assert.IsFalse(document.RootElement.TryGetProperty("Precision", out _));
        Assert.AreEqual(InferencePrecision.Float32, configuration.Precision);
        Assert.AreEqual(InferencePrecision.Auto, configuration.Decoding.Precision);

        static byte[] WithoutPrecision(byte[] file)
        {
            using var zip = new ZipArchive(new MemoryStream(file));
            string config = System.Text.Encoding.UTF8.GetString(Content(zip.Entries.Single(entry => entry.Name == "config.json")));
            return System.Text.Encoding.UTF8.GetBytes(System.Text.RegularExpressions.Regex.Replace(config, """,\s*"Precision": "\w+"(?=\s*[,}])""", ""));
        }
    }

    [TestMethod]
    public void DamageIsNoticedAndWrongTensorsAreNamed()
    {
        using var quantized = Toy.Model.Quantize();
        byte[] file = ModelFileTests.Save(quantized);
        var random = new Random(1);
        for (int i = 0; i < 8; i++)
        {
            var error = ModelFileTests.LoadingFails(ModelFileTests.Damage(file, "weights.safetensors", content =>
            {
                if (i < 3)
                    return content[..(content.Length * i / 3)];
                content[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
                return content;
            }));
            Assert.IsInstanceOfType<InvalidDataException>(error);
            StringAssert.Contains(error.Message, "weights.safetensors");
        }
        StringAssert.Contains(Refused(InferencePrecision.Float32), "source_embedding");
        StringAssert.Contains(Refused(InferencePrecision.BFloat16), "source_embedding");

        // The content of one precision where another is announced.
        string Refused(InferencePrecision announced)
        {
            var shapes = Microsoft.ML.Seq2Seq.Modeling.TransformerWeights.Of(
                quantized.Configuration.Architecture.Transformer!, Toy.Model.Generator.Codec.Source.VocabularySize,
                Toy.Model.Generator.Codec.Source.VocabularySize);
            return Assert.Throws<InvalidDataException>(() => Microsoft.ML.Seq2Seq.Modeling.StoredWeights.Read(
                new MemoryStream(WeightsOf(file)), shapes, announced)).Message;
        }
    }

    [TestMethod]
    public void ARecurrentModelHasOneClearError()
    {
        using var model = _ml.Seq2Seq.Trainers.Recurrent(new RecurrentTrainer.Options
        {
            Architecture = new RecurrentArchitecture { EmbeddingDimension = 8, HiddenDimension = 8 },
            Tokenization = new SubwordOptions { Kind = SubwordKind.Character },
            Training = new TrainingOptions { MaxSteps = 1 },
        }).Fit(Toy.View(Toy.Rows(20)));

        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => model.Quantize()).Message, "recurrent");
        var options = new DecodingOptions { Precision = InferencePrecision.Int8 };
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => model.WithDecoding(options)).Message, "Precision is Int8");
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => model.Generate("a", options)).Message, "Precision is Int8");
        var trainer = _ml.Seq2Seq.Trainers.Recurrent(new RecurrentTrainer.Options { Decoding = options });
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => trainer.Fit(Toy.View(Toy.Rows(20)))).Message, "Precision is Int8");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Toy.Model.Quantize(InferencePrecision.Auto));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Toy.Model.Quantize((InferencePrecision)9));
    }

    private static float[] Scores(Seq2SeqTransformer model) => [.. model.Score(_sources.Select(source => (source, "ABC")))];

    private static byte[] WeightsOf(byte[] file)
    {
        using var zip = new ZipArchive(new MemoryStream(file));
        return Content(zip.Entries.Single(entry => entry.Name == "weights.safetensors"));
    }

    private static byte[] Content(ZipArchiveEntry entry)
    {
        using var content = new MemoryStream();
        using var stream = entry.Open();
        stream.CopyTo(content);
        return content.ToArray();
    }

    private static Dictionary<string, Tensor> Tensors(byte[] weights) => SafeTensors.Read(new MemoryStream(weights));
}
