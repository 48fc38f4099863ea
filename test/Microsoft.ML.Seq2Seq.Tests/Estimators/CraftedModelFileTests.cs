using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.ML.Seq2Seq.Inference;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

/// <summary>Files that somebody changed, digests and all.</summary>
[TestClass]
public sealed class CraftedModelFileTests
{
    private static readonly MLContext _ml = new(1);

    private static readonly Lazy<byte[]> _recurrent = new(() =>
    {
        using var model = _ml.Seq2Seq.Trainers.Recurrent(new RecurrentTrainer.Options
        {
            Architecture = new RecurrentArchitecture { EmbeddingDimension = 8, HiddenDimension = 8 },
            Tokenization = new SubwordOptions { Kind = SubwordKind.Character },
            Training = new TrainingOptions { MaxSteps = 1 },
        }).Fit(Toy.View(Toy.Rows(20)));
        return ModelFileTests.Save(model);
    });

    [TestMethod]
    [DataRow("Transformer", "EncoderLayers", int.MaxValue, "config.json")]
    [DataRow("Transformer", "ModelDimension", 1 << 30, "config.json")]
    [DataRow("Recurrent", "DecoderLayers", int.MaxValue, "config.json")]
    [DataRow("Transformer", "EncoderLayers", 1000, "weights.safetensors")]
    [DataRow("Transformer", "FeedForwardDimension", 1_000_000, "weights.safetensors")]
    [DataRow("Recurrent", "HiddenDimension", 1_000_000, "weights.safetensors")]
    public void AnArchitectureThatTheFileDoesNotHoldTheWeightsOfIsRefusedBeforeAModelIsMade(string kind, string option, int value, string entry)
    {
        byte[] file = kind == "Recurrent" ? _recurrent.Value : ModelFileTests.Save(Toy.Model);

        var error = ModelFileTests.LoadingFails(Configure(file, config => config["Architecture"]![kind]![option] = value));

        Assert.IsInstanceOfType<InvalidDataException>(error);
        StringAssert.Contains(error.Message, entry);
    }

    [TestMethod]
    public void AModelWhoseColumnsHideEachOtherLoadsAndCanBeGivenOtherOptions()
    {
        byte[] file = Configure(ModelFileTests.Save(Toy.Model), config =>
        {
            config["Columns"]!["Predicted"] = "TokenScores";
            config["Decoding"]!["OutputTokenScores"] = true;
        });

        using var model = (Seq2SeqTransformer)ModelFileTests.Load(file);

        Assert.Throws<ArgumentException>(() => model.WithDecoding(model.Decoding));
        using var mended = model.WithDecoding(new DecodingOptions());
        CollectionAssert.AreEqual(new[] { "ABC" }, Toy.Texts(mended.Transform(Toy.View([new Toy.Row { Source = "abc" }])), "TokenScores"));
    }

    [TestMethod]
    public void OneMatrixForTwoVocabulariesIsRefused()
    {
        var codec = Toy.Model.Generator.Codec;
        using var other = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief()).Fit(Toy.View([.. Toy.Rows(20), new Toy.Row { Source = "xyz", Target = "XYZ" }]));
        var generator = new TextGenerator(
            Toy.Model.Generator.Weights, new TextCodec(codec.Source, other.Generator.Codec.Target, 512, OverflowPolicy.Truncate), torch.CPU);
        using var crafted = new Seq2SeqTransformer(_ml, generator, Toy.Model.Configuration, Toy.Model.Report);

        var error = ModelFileTests.LoadingFails(ModelFileTests.Save(crafted));

        Assert.IsInstanceOfType<InvalidDataException>(error);
        StringAssert.Contains(error.Message, "two vocabularies");
    }

    private static byte[] Configure(byte[] file, Action<JsonNode> change)
    {
        byte[] before = [], after = [];
        file = ModelFileTests.Damage(file, "config.json", content =>
        {
            var config = JsonNode.Parse(content)!;
            change(config);
            byte[] changed = Encoding.UTF8.GetBytes(config.ToJsonString());
            (before, after) = (SHA256.HashData(content), SHA256.HashData(changed));
            return changed;
        });
        foreach (string key in Keys(file))
        {
            file = ModelFileTests.DamageEntry(file, key, content =>
            {
                if (content.AsSpan().IndexOf(before) is >= 0 and int at)
                    after.CopyTo(content, at);
                return content;
            });
        }
        return file;
    }

    private static string[] Keys(byte[] file)
    {
        using var zip = new ZipArchive(new MemoryStream(file));
        return [.. zip.Entries.Where(entry => entry.Name == "Model.key").Select(entry => entry.FullName)];
    }
}
