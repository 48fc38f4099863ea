using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

[TestClass]
public sealed class ParameterCountTests
{
    private const int PaperVocabulary = 37_000; // section 5.1, shared by English and German

    [TestMethod]
    [DataRow("Tiny", 6_061_568, null)]
    [DataRow("Small", 16_845_824, null)]
    [DataRow("Base", 63_082_496, 65e6)]
    [DataRow("Big", 214_245_376, 213e6)]
    public void PresetsHaveThePapersCounts(string preset, long expected, double? paper)
    {
        var architecture = Preset(preset);

        Assert.AreEqual(expected, architecture.CountParameters(PaperVocabulary, PaperVocabulary));
        if (paper is { } millions)
            Assert.IsInRange(millions * 0.97, millions * 1.01, (double)expected, "table 3 rounds, and does not say what it counts");
    }

    [TestMethod]
    [DataRow("Tiny", 4, 4)]
    [DataRow("Small", 4, 4)]
    [DataRow("Base", 1, 2)]
    [DataRow("Base", 2, 1)]
    [DataRow("Big", 1, 1)]
    public void PresetsAreBuiltWithAsManyWeights(string preset, int encoderLayers, int decoderLayers)
    {
        var architecture = Preset(preset);
        (architecture.EncoderLayers, architecture.DecoderLayers) = (encoderLayers, decoderLayers); // the large ones cut to fit a test
        AssertCountIsThatOfTheModel(architecture, 500, 500);
    }

    [TestMethod]
    public void EveryOptionIsCounted()
    {
        var random = new Random(1);
        for (int i = 0; i < 60; i++)
        {
            var architecture = TinyModels.Architecture(a =>
            {
                a.EncoderLayers = random.Next(3);
                a.DecoderLayers = random.Next(1, 3);
                a.KeyValueHeads = random.GetItems<int?>([null, 1, 2, 4], 1)[0];
                a.NormPlacement = random.GetItems(Enum.GetValues<NormPlacement>(), 1)[0];
                a.Normalization = random.GetItems(Enum.GetValues<NormalizationKind>(), 1)[0];
                a.Activation = random.GetItems(Enum.GetValues<ActivationKind>(), 1)[0];
                a.PositionalEncoding = random.GetItems(Enum.GetValues<PositionalEncodingKind>(), 1)[0];
                a.ShareEmbeddings = random.GetItems(Enum.GetValues<EmbeddingSharing>(), 1)[0];
            });
            AssertCountIsThatOfTheModel(architecture, 21, architecture.ShareEmbeddings == EmbeddingSharing.All ? 21 : 34);
        }
    }

    [TestMethod]
    public void OneMatrixForTwoVocabulariesIsRefused()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => TransformerArchitecture.Tiny.CountParameters(100, 101));
        StringAssert.Contains(error.Message, "101");
    }

    private static TransformerArchitecture Preset(string name) =>
        (TransformerArchitecture)typeof(TransformerArchitecture).GetProperty(name)!.GetValue(null)!;

    private static void AssertCountIsThatOfTheModel(TransformerArchitecture architecture, int source, int target)
    {
        using var generator = new Generator(1, CPU);
        using var model = new TransformerModel(architecture, source, target, generator);
        Assert.AreEqual(model.parameters().Sum(parameter => parameter.numel()), architecture.CountParameters(source, target));
    }
}
