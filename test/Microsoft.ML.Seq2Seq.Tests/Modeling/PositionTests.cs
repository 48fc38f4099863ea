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

    /// <summary>Su et al. 2021, equation 34, with the pairs of GPT-NeoX: i and i + d/2.</summary>
    [TestMethod]
    public void RotaryPositionsTurnPairsByTheirAngles()
    {
        using var scope = NewDisposeScope();
        using var rotary = new RotaryPositions(4);
        float[] x = [1, 2, 3, 4];
        var turned = rotary.Rotate(tensor(x, [1, 1, 1, 4]), 3);
        double fast = 3, slow = 3 * Math.Pow(10000, -2.0 / 4);
        var expected = tensor(new float[]
        {
            (float)(1 * Math.Cos(fast) - 3 * Math.Sin(fast)), (float)(2 * Math.Cos(slow) - 4 * Math.Sin(slow)),
            (float)(3 * Math.Cos(fast) + 1 * Math.Sin(fast)), (float)(4 * Math.Cos(slow) + 2 * Math.Sin(slow)),
        });
        TinyModels.AssertClose(expected, turned.view(-1), 1e-6);
        float Product(int query, int key) =>
            rotary.Rotate(tensor(x, [1, 1, 1, 4]), query).mul(rotary.Rotate(tensor(new float[] { 4, 1, 2, 3 }, [1, 1, 1, 4]), key)).sum().item<float>();
        Assert.AreEqual(Product(2, 5), Product(40, 43), 1e-4, "only the distance counts");
        Assert.AreNotEqual(Product(2, 5), Product(2, 6), 0.1);
    }

    /// <summary>Raffel et al. 2020: buckets of their own for near distances, then ⌊exact + log(n / exact) / log(128 / exact) · (buckets - exact)⌋,
    /// by hand.</summary>
    [TestMethod]
    public void RelativeBucketsAreThoseOfT5()
    {
        foreach (var (distance, bucket) in new[]
        {
            (0, 0), (-1, 1), (-7, 7), (-8, 8), (-16, 10), (-32, 12), (-90, 14), (-91, 15), (-500, 15), (1, 17), (7, 23), (8, 24), (64, 30), (500, 31),
        })
            Assert.AreEqual(bucket, RelativePositions.Bucket(distance, bidirectional: true), $"{distance}, both ways");
        foreach (var (distance, bucket) in new[] { (0, 0), (3, 0), (-1, 1), (-15, 15), (-16, 16), (-32, 21), (-64, 26), (-128, 31), (-500, 31) })
            Assert.AreEqual(bucket, RelativePositions.Bucket(distance, bidirectional: false), $"{distance}, one way");
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
