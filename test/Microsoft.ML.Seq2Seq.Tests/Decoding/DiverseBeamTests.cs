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

    [TestMethod]
    [DataRow(2, 2, 0.5, 1.0)]
    [DataRow(2, 2, 3.0, 1.0)]
    [DataRow(2, 3, 0.5, 1.0)]
    [DataRow(2, 3, 1.5, double.PositiveInfinity)]
    [DataRow(3, 2, 0.5, 2.0)]
    [DataRow(3, 2, 1.5, 1.0)]
    [DataRow(4, 3, 0.8, 1.0)]
    public void GroupsAreThePapersStepForStep(int width, int groups, double penalty, double patience)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var model = ScriptedModel.Random(seed, vocabulary: 10, spread: 4);
            var byGroup = Textbook(width, groups, penalty, patience).Search(model, [4, 5]);
            foreach (var best in byGroup)
                Assert.IsNotEmpty(best, $"seed {seed}");
            var expected = byGroup.SelectMany(best => best).OrderByDescending(output => output.Score).ToArray();
            // The first number asks for all that every group has: fewer only where groups have found the same.
            foreach (int hypotheses in new[] { width * groups, 3, 1 })
            {
                var found = Run(model, Diverse(width, groups, penalty, patience, hypotheses));
                Assert.HasCount(Math.Min(hypotheses, expected.Length), found);
                for (int i = 0; i < found.Count; i++)
                {
                    CollectionAssert.AreEqual(expected[i].Tokens, found[i].Tokens, $"seed {seed}, hypothesis {i} of {hypotheses}");
                    Assert.AreEqual(expected[i].LogProbability, found[i].LogProbability, 1e-5);
                    Assert.AreEqual(expected[i].Score, found[i].Score, 1e-5);
                }
            }
        }
    }

    [TestMethod]
    public void TheFirstGroupIsABeamOfItsWidth()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var model = ScriptedModel.Random(seed, vocabulary: 10, spread: 4);
            var alone = Run(model, new() { BeamSize = 3, NumberOfHypotheses = 3, MaxLength = 7 });
            var all = Run(model, Diverse(width: 3, groups: 3, penalty: 1, patience: 1, hypotheses: 9));
            foreach (var hypothesis in alone)
                Assert.AreEqual(hypothesis.Score, all.Single(other => other.Tokens.SequenceEqual(hypothesis.Tokens)).Score, $"seed {seed}");
        }
    }

    /// <summary>The first group could finish four outputs before the second has one, all better.</summary>
    [TestMethod]
    public void AGroupThatEndsEarlyLeavesRoomForTheOthers()
    {
        var script = new Dictionary<string, Dictionary<char, double>>
        {
            [""] = new() { ['a'] = 0.5, ['b'] = 0.4, ['c'] = 0.06, ['d'] = 0.04 },
            ["c"] = new() { ['c'] = 1 },
            ["d"] = new() { ['d'] = 1 },
            ["cc"] = new() { ['c'] = 1 },
            ["dd"] = new() { ['d'] = 1 },
        };
        foreach (string prefix in new[] { "a", "b", "aa", "ba", "aaa", "baa" })
            script[prefix] = new() { ['.'] = 0.6, ['a'] = 0.4 };
        var found = Run(ScriptedModel.Table(script), Diverse(width: 2, groups: 2, penalty: 5, patience: 1, hypotheses: 4));
        Assert.AreEqual("a b ccc ddd", string.Join(' ', found.Select(hypothesis => ScriptedModel.Letters(hypothesis.Tokens))));
    }

    private static TextbookBeam Textbook(int width, int groups, double penalty, double patience) => new()
    {
        Width = width,
        Groups = groups,
        DiversityPenalty = penalty,
        Keep = width,
        Patience = patience,
        MaxLength = 7,
    };

    private static DecodingOptions Diverse(int width, int groups, double penalty, double patience, int hypotheses) => new()
    {
        BeamSize = width * groups,
        BeamGroups = groups,
        DiversityPenalty = penalty,
        Patience = patience,
        NumberOfHypotheses = hypotheses,
        MaxLength = 7,
        MaxLengthRatio = 0,
    };

    private static IReadOnlyList<Hypothesis> Run(ScriptedModel model, DecodingOptions options)
    {
        options.Validate();
        using var batch = SourceBatch.Create([[4, 5]], torch.CPU);
        return Search.Run(model, batch, options)[0];
    }
}
