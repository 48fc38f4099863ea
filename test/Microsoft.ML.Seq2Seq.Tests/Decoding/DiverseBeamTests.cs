using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

[TestClass]
public sealed class DiverseBeamTests
{
    private static readonly ScriptedModel _abc = ScriptedModel.Table(new() { [""] = new() { ['a'] = 0.5, ['b'] = 0.3, ['c'] = 0.2 } });

    /// <summary>Group by group: log 0.5 - penalty against log 0.3.</summary>
    [TestMethod]
    [DataRow(0.0, "a")]
    [DataRow(0.4, "a")]
    [DataRow(0.6, "ab")]
    public void AGroupAvoidsWhatTheOneBeforeItChose(double penalty, string outputs)
    {
        var found = Run(_abc, new() { BeamSize = 2, BeamGroups = 2, DiversityPenalty = penalty, NumberOfHypotheses = 2, LengthPenalty = 0 });
        Assert.AreEqual(outputs, string.Concat(found.Select(hypothesis => ScriptedModel.Letters(hypothesis.Tokens))));
        // The penalty steers, and is not part of the score.
        Assert.AreEqual(Math.Log(0.5), found[0].Score, 1e-6);
        if (outputs == "ab")
            Assert.AreEqual(Math.Log(0.3), found[1].Score, 1e-6);
    }

    [TestMethod]
    public void WithoutAPenaltyEachGroupIsASmallerBeam()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            var model = ScriptedModel.Random(seed);
            var small = Run(model, new() { BeamSize = 2, MaxLength = 8, Patience = double.PositiveInfinity });
            var groups = Run(model, new() { BeamSize = 6, BeamGroups = 3, DiversityPenalty = 0, MaxLength = 8, Patience = double.PositiveInfinity });
            CollectionAssert.AreEqual(small[0].Tokens, groups[0].Tokens, $"seed {seed}");
        }
    }

    [TestMethod]
    public void HypothesesDifferMoreAndNeverScoreBelowGreedy()
    {
        int plainStarts = 0, diverseStarts = 0;
        for (int seed = 0; seed < 100; seed++)
        {
            var model = ScriptedModel.Random(seed, vocabulary: 12, spread: 5);
            double greedy = Run(model, new() { Strategy = DecodingStrategy.Greedy, MaxLength = 8 })[0].Score;
            var plain = Run(model, new() { BeamSize = 4, NumberOfHypotheses = 4, MaxLength = 8 });
            var diverse = Run(model, new() { BeamSize = 4, BeamGroups = 4, DiversityPenalty = 2, NumberOfHypotheses = 4, MaxLength = 8 });
            Assert.IsGreaterThanOrEqualTo(greedy, diverse[0].Score, $"seed {seed}");
            Assert.HasCount(diverse.Count, diverse.Select(hypothesis => ScriptedModel.Letters(hypothesis.Tokens)).Distinct());
            plainStarts += Starts(plain);
            diverseStarts += Starts(diverse);
        }
        Assert.IsGreaterThan(plainStarts * 1.2, diverseStarts);

        static int Starts(IReadOnlyList<Hypothesis> found) => found.Select(hypothesis => hypothesis.Tokens.FirstOrDefault()).Distinct().Count();
    }

    private static IReadOnlyList<Hypothesis> Run(ScriptedModel model, DecodingOptions options)
    {
        options.Validate();
        using var batch = SourceBatch.Create([[4, 5]], torch.CPU);
        return Search.Run(model, batch, options)[0];
    }
}
