using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

/// <summary>What attention tells: alignment and the coverage penalty.</summary>
[TestClass]
public sealed class AttentionTests
{
    private static readonly int[] _source = [4, 5];

    [TestMethod]
    [DataRow(0.2)]
    [DataRow(2.0)]
    public void TheCoveragePenaltyCountsSourceTokensWithoutAttention(double beta)
    {
        int changed = 0;
        for (int seed = 0; seed < 20; seed++)
        {
            var model = new ScriptedModel(7, Logits(seed)) { Attention = Attention };
            var outputs = Exhaustive.Outputs(model, _source, 4).ToArray();
            var best = outputs.MaxBy(output => Score(output));
            var found = Run(model, new() { BeamSize = 400, MaxLength = 4, MaxLengthRatio = 0, CoveragePenalty = beta })[0];
            CollectionAssert.AreEqual(best.Tokens, found.Tokens);
            Assert.AreEqual(Score(best), found.Score, 1e-5);
            Assert.IsNull(found.Attention);
            changed += best.Tokens.SequenceEqual(outputs.MaxBy(output => Exhaustive.Score(output, 0.6)).Tokens) ? 0 : 1;
        }
        Assert.IsGreaterThan(0, changed);

        // log of the sums over target tokens, each at most 1, added over the source's text.
        double Score((int[] Tokens, double LogProbability) output)
        {
            var rows = Enumerable.Range(0, output.Tokens.Length + 1).Select(t => Attention(_source, output.Tokens[..t])).ToArray();
            double coverage = Math.Log(Math.Min(rows.Sum(row => row[0]), 1)) + Math.Log(Math.Min(rows.Sum(row => row[1]), 1));
            return Exhaustive.Score(output, 0.6) + beta * coverage;
        }
    }

    [TestMethod]
    public void EachTokenCarriesTheAttentionOfItsOwnPrefix()
    {
        var model = new ScriptedModel(7, Logits(3)) { Attention = Attention };
        foreach (var strategy in Enum.GetValues<DecodingStrategy>())
        {
            foreach (var hypothesis in Run(model, new() { Strategy = strategy, MaxLength = 6, OutputAlignment = true }))
            {
                Assert.HasCount(hypothesis.Tokens.Length + 1, hypothesis.Attention!);
                for (int t = 0; t <= hypothesis.Tokens.Length; t++)
                    CollectionAssert.AreEqual(
                        Array.ConvertAll(Attention(_source, hypothesis.Tokens[..t]), share => (float)share), hypothesis.Attention![t]);
            }
        }
    }

    /// <summary>With queries that are one constant, whatever the decoder has read, attention follows from the encoder's
    /// output alone: softmax of its keys times that constant.</summary>
    [TestMethod]
    [DataRow(null)]
    [DataRow(2)]
    public void TheTransformerGivesTheMeanOverTheHeadsOfTheLastLayerButOne(int? groups)
    {
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        const int Dimension = 16, Heads = 4, Head = Dimension / Heads;
        using var model = TinyModels.Create(TinyModels.Architecture(a => a.KeyValueHeads = groups));
        var parameters = model.named_parameters().ToDictionary(named => named.name, named => named.parameter);
        var weight = parameters["decoder.0.cross_attention.query_key_value.weight"];
        var bias = parameters["decoder.0.cross_attention.query_key_value.bias"];
        weight.narrow(0, 0, Dimension).zero_();
        int keyWidth = (groups ?? Heads) * Head;
        int[][] sources = [[4, 5, 6, 7], [8], [9, 10, 11]];
        using var batch = SourceBatch.Create(sources, torch.CPU);
        var options = new DecodingOptions { BeamSize = 3, NumberOfHypotheses = 3, MaxLength = 5, OutputAlignment = true };
        var found = Search.Run(model, batch, options);
        for (int row = 0; row < sources.Length; row++)
        {
            using var alone = SourceBatch.Create([sources[row]], torch.CPU);
            var memory = model.Encode(alone, training: null)[0]; // (S, D)
            var keys = nn.functional.linear(memory, weight.narrow(0, Dimension, keyWidth), bias.narrow(0, Dimension, keyWidth));
            var mean = torch.zeros(memory.shape[0]);
            for (int head = 0; head < Heads; head++)
            {
                int group = head * (groups ?? Heads) / Heads;
                var scores = keys.narrow(1, group * Head, Head).mv(bias.narrow(0, head * Head, Head)).div(Math.Sqrt(Head));
                mean = mean.add(scores.softmax(0).div(Heads));
            }
            foreach (var hypothesis in found[row])
            {
                Assert.HasCount(hypothesis.Tokens.Length + 1, hypothesis.Attention!);
                foreach (float[] shares in hypothesis.Attention!)
                    TinyModels.AssertClose(mean, torch.tensor(shares), 1e-5, $"row {row}");
            }
        }
    }

    private static Func<int[], int[], double[]> Logits(int seed) => ScriptedModel.Random(seed).LogProbabilities;

    /// <summary>Depends on everything written.</summary>
    private static double[] Attention(int[] source, int[] written)
    {
        double[] shares = [1 + written.Count(token => token == 4), 1 + 2 * written.Count(token => token == 5), 4 + written.LastOrDefault()];
        return [.. shares.Select(share => share / shares.Sum())];
    }

    private static IReadOnlyList<Hypothesis> Run(IStepModel model, DecodingOptions options)
    {
        options.Validate();
        using var batch = SourceBatch.Create([_source], torch.CPU);
        return Search.Run(model, batch, options)[0];
    }
}
