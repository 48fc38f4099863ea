using Microsoft.ML.Seq2Seq.Modeling;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

[TestClass]
public sealed class TransformerWeightsTests
{
    [TestMethod]
    public void NamesAndShapesAreTheModels()
    {
        Assert(_ => { });
        Assert(a => a.ShareEmbeddings = EmbeddingSharing.None);
        Assert(a => a.ShareEmbeddings = EmbeddingSharing.DecoderInputOutput);
        Assert(a => (a.NormPlacement, a.Normalization) = (NormPlacement.Post, NormalizationKind.RmsNorm));
        Assert(a => (a.NormPlacement, a.PositionalEncoding) = (NormPlacement.Pre, PositionalEncodingKind.Learned));
        Assert(a => (a.KeyValueHeads, a.PositionalEncoding) = (1, PositionalEncodingKind.Relative));
        Assert(a => (a.EncoderLayers, a.DecoderLayers, a.Activation) = (0, 1, ActivationKind.SwiGlu));

        static void Assert(Action<TransformerArchitecture> change)
        {
            var architecture = TinyModels.Architecture(change);
            using var model = TinyModels.Create(architecture);
            AssertSame(model, TransformerWeights.Of(architecture, model.TargetVocabulary, model.TargetVocabulary));
        }
    }

    internal static void AssertSame(SequenceModel model, IEnumerable<(string Name, long[] Shape)> weights) => CollectionAssert.AreEqual(
        model.named_parameters().Select(named => Show(named.name, named.parameter.shape)).Order().ToArray(),
        weights.Select(weight => Show(weight.Name, weight.Shape)).Order().ToArray());

    private static string Show(string name, long[] shape) => $"{name} [{string.Join(", ", shape)}]";
}
