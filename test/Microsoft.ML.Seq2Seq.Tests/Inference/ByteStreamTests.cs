using Microsoft.ML.Seq2Seq.Tests.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Inference;

/// <summary>A model that has learned nothing writes bytes at random, few of which are characters.</summary>
[TestClass]
public sealed class ByteStreamTests
{
    [TestMethod]
    public async Task StreamsOfRandomBytesJoinToTheText()
    {
        using var model = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
            options.Tokenization = new SubwordOptions { MinimumFrequency = 100_000 })) // every character is spelled in bytes
            .Fit(Toy.View([.. Enumerable.Range(0, 20).Select(i => new Toy.Row { Source = $"é{i}", Target = "🙂é日" })]));
        bool isBroken = false;
        for (int seed = 0; seed < 12; seed++)
        {
            foreach (var options in new DecodingOptions[]
            {
                new() { Strategy = DecodingStrategy.Sampling, Temperature = 3, Seed = seed, MaxLength = 30, MaxLengthRatio = 0 },
                new() { BeamSize = 3, MinLength = 10 + seed, MaxLength = 40, MaxLengthRatio = 0 },
            })
            {
                string text = model.Generate($"é{seed}", options).Text;
                var pieces = new List<string>();
                await foreach (string piece in model.GenerateStreaming($"é{seed}", options))
                    pieces.Add(piece);

                Assert.AreEqual(text, string.Concat(pieces));
                Assert.IsFalse(pieces.Exists(piece => char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0])), "a character is whole");
                isBroken |= text.Contains('\uFFFD');
            }
        }
        Assert.IsTrue(isBroken, "some bytes must be of no character");
    }
}
