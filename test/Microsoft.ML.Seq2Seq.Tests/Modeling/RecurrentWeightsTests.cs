using Microsoft.ML.Seq2Seq.Modeling;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

[TestClass]
public sealed class RecurrentWeightsTests
{
    [TestMethod]
    public void NamesAndShapesAreTheModels()
    {
        Assert(_ => { });
        Assert(a => a.ShareEmbeddings = EmbeddingSharing.None);
        Assert(a => a.ShareEmbeddings = EmbeddingSharing.DecoderInputOutput);
        Assert(a => (a.Cell, a.Attention) = (RecurrentCell.Gru, RecurrentAttention.Bahdanau));
        Assert(a => a.InputFeeding = false);
        Assert(a => (a.EncoderLayers, a.DecoderLayers) = (1, 3));

        static void Assert(Action<RecurrentArchitecture> change)
        {
            var architecture = TinyModels.Recurrent(change);
            using var model = TinyModels.Create(architecture);
            TransformerWeightsTests.AssertSame(model, RecurrentWeights.Of(architecture, model.TargetVocabulary, model.TargetVocabulary));
        }
    }
}
