using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

[TestClass]
public sealed class PositionTests
{
    [TestMethod]
    [DataRow(PositionalEncodingKind.Sinusoidal)]
    [DataRow(PositionalEncodingKind.Learned)]
    [DataRow(PositionalEncodingKind.Rotary)]
    [DataRow(PositionalEncodingKind.Alibi)]
    [DataRow(PositionalEncodingKind.Relative)]
    public void TheEncoderTellsATextFromItsReverse(PositionalEncodingKind positions)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = TinyModels.Create(TinyModels.Architecture(a => a.PositionalEncoding = positions));
        foreach (var parameter in model.named_parameters().Where(named => named.name == "encoder_positions.bias"))
            parameter.parameter.copy_(arange(parameter.parameter.numel()).view(parameter.parameter.shape).sin()); // zeros when fresh
        Tensor Encode(params int[] tokens)
        {
            using var source = SourceBatch.Create([tokens], CPU);
            return model.Encode(source, null).narrow(1, 0, 1); // of the first token
        }

        // The end token stands on the right of both; 5 has 6 on its right or its left.
        using var batch = SourceBatch.Create([[5, 6, 7], [7, 6, 5]], CPU);
        var encoded = model.Encode(batch, null);
        double difference = encoded[0].narrow(0, 1, 1).sub(encoded[1].narrow(0, 1, 1)).abs().max().item<float>();
        Assert.IsGreaterThan(1e-3, difference, "6 between 5 and 7, and between 7 and 5");
        Assert.IsGreaterThan(1e-3, Encode(5, 6).sub(Encode(5, 7)).abs().max().item<float>(), "a token on the right is seen");
    }

    [TestMethod]
    public void AlibiIsThePapersPenaltyAndInAnEncoderEveryOtherHeadReadsEachWay()
    {
        using var scope = NewDisposeScope();
        using var decoder = new AlibiPositions(4, bidirectional: false);
        var penalty = decoder.ByDistance(-3, 4); // distances -3 … 0
        for (int head = 0; head < 4; head++)
            for (int i = 0; i < 4; i++)
                Assert.AreEqual(-Math.Pow(2, -2 * (head + 1)) * (3 - i), penalty[head, i].item<float>(), 1e-6);

        using var encoder = new AlibiPositions(4, bidirectional: true);
        var both = encoder.ByDistance(-1, 3);
        for (int head = 0; head < 4; head++)
        {
            Assert.AreEqual(head % 2 == 0, both[head, 0].item<float>() > -1, "left");
            Assert.AreEqual(0, both[head, 1].item<float>());
            Assert.AreEqual(head % 2 == 1, both[head, 2].item<float>() > -1, "right");
        }
    }

    [TestMethod]
    public void ABiasIsThatOfTheDistanceBetweenKeyAndQuery()
    {
        using var scope = NewDisposeScope();
        using var alibi = new AlibiPositions(2, bidirectional: false);
        var bias = new AttentionBias(30, 30, null, new LongAttention(), CPU, alibi, window: 5, isCausal: true);
        var part = bias.Of(new AttentionBlock(Query: 10, Queries: 4, Key: 3, Keys: 12))!; // (1, 2, 4, 12)
        CollectionAssert.AreEqual(new long[] { 1, 2, 4, 12 }, part.shape);
        for (int query = 10; query < 14; query++)
            for (int key = 3; key < 15; key++)
            {
                float actual = part[0, 1, query - 10, key - 3].item<float>();
                if (key > query || query - key > 5)
                    Assert.IsLessThan(-1e29f, actual);
                else
                    Assert.AreEqual(-(query - key) / 256.0, actual, 1e-6);
                Assert.AreEqual(bias.Whole![0, 1, query, key].item<float>(), actual);
            }
    }
}
