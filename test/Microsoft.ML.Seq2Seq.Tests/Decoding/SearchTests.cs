using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

[TestClass]
public sealed class SearchTests
{
    private static readonly int[] _source = [4, 5];

    [TestMethod]
    [DataRow(0.0, LengthPenaltyForm.Gnmt)]
    [DataRow(0.6, LengthPenaltyForm.Gnmt)]
    [DataRow(1.0, LengthPenaltyForm.Gnmt)]
    [DataRow(2.5, LengthPenaltyForm.Gnmt)]
    [DataRow(0.6, LengthPenaltyForm.Power)]
    [DataRow(1.0, LengthPenaltyForm.Power)]
    public void AWideBeamFindsTheBestOfAllOutputs(double alpha, LengthPenaltyForm form)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var model = ScriptedModel.Random(seed);
            var options = new DecodingOptions
            {
                BeamSize = 400,
                NumberOfHypotheses = 10,
                LengthPenalty = alpha,
                LengthPenaltyForm = form,
                MaxLength = 4,
                MaxLengthRatio = 0,
            };
            var expected = Exhaustive.Outputs(model, _source, 4)
                .OrderByDescending(output => Exhaustive.Score(output, alpha, form)).Take(10).ToArray();
            var found = Run(model, options);
            for (int i = 0; i < 10; i++)
            {
                CollectionAssert.AreEqual(expected[i].Tokens, found[i].Tokens, $"seed {seed}, hypothesis {i}");
                Assert.AreEqual(expected[i].LogProbability, found[i].LogProbability, 1e-5);
                Assert.AreEqual(Exhaustive.Score(expected[i], alpha, form), found[i].Score, 1e-5);
            }
        }
    }

    [TestMethod]
    public void GreedyTakesTheMostProbableTokenOfEveryStep()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            var model = ScriptedModel.Random(seed);
            var written = new List<int>();
            double logProbability = 0;
            while (true)
            {
                var next = model.LogProbabilities(_source, [.. written]);
                next[SpecialTokens.Pad] = next[SpecialTokens.Begin] = next[SpecialTokens.Unknown] = double.NegativeInfinity;
                int best = written.Count == 8 ? SpecialTokens.End : Array.IndexOf(next, next.Max());
                logProbability += next[best];
                if (best == SpecialTokens.End)
                    break;
                written.Add(best);
            }
            var found = Run(model, Greedy(8));
            CollectionAssert.AreEqual(written, found[0].Tokens, $"seed {seed}");
            Assert.AreEqual(logProbability, found[0].LogProbability, 1e-5);
        }
    }

    [TestMethod]
    public void ABeamOfOneIsGreedy()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var model = ScriptedModel.Random(seed);
            AssertSame(Run(model, Greedy(8)), Run(model, Beam(1, 8)), 0);
        }
    }

    [TestMethod]
    [DataRow(0.0, LengthPenaltyForm.Gnmt)]
    [DataRow(0.6, LengthPenaltyForm.Gnmt)]
    [DataRow(3.0, LengthPenaltyForm.Gnmt)]
    [DataRow(1.0, LengthPenaltyForm.Power)]
    public void ABeamNeverScoresBelowGreedy(double alpha, LengthPenaltyForm form)
    {
        int better = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var model = ScriptedModel.Random(seed);
            var greedy = Greedy(8);
            greedy.LengthPenalty = alpha;
            greedy.LengthPenaltyForm = form;
            double floor = Run(model, greedy)[0].Score;
            for (int beam = 2; beam <= 4; beam++)
            {
                var options = Beam(beam, 8);
                options.LengthPenalty = alpha;
                options.LengthPenaltyForm = form;
                double score = Run(model, options)[0].Score;
                Assert.IsGreaterThanOrEqualTo(floor, score, $"seed {seed}, beam {beam}");
                better += score > floor ? 1 : 0;
            }
        }
        Assert.IsGreaterThan(300, better, "wider beams hardly find anything");
    }

    [TestMethod]
    public void SearchReadsTheModelAsTeacherForcingDoes()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Create();
        int[][] sources = [[4, 5, 6], [7], [8, 9, 10, 11, 12]];
        using var batch = SourceBatch.Create(sources, torch.CPU);
        var all = Search.Run(model, batch, new DecodingOptions { NumberOfHypotheses = 4, MaxLength = 20 });
        for (int row = 0; row < sources.Length; row++)
        {
            foreach (var hypothesis in all[row])
            {
                using var forced = TinyModels.Batch((sources[row], hypothesis.Tokens));
                var expected = TinyModels.Logits(model, forced)[0].log_softmax(1);
                int[] written = [.. hypothesis.Tokens, SpecialTokens.End];
                Assert.HasCount(written.Length, hypothesis.TokenScores);
                for (int t = 0; t < written.Length; t++)
                    Assert.AreEqual(expected[t, written[t]].item<float>(), hypothesis.TokenScores[t], 1e-5);
                Assert.AreEqual(hypothesis.TokenScores.Sum(score => (double)score), hypothesis.LogProbability, 1e-5);
            }
        }
    }

    [TestMethod]
    public void TheLengthPenaltyDividesTheLogProbability()
    {
        var model = ScriptedModel.Table(new()
        {
            [""] = new() { ['.'] = 0.5, ['a'] = 0.5 },
            ["a"] = new() { ['a'] = 0.9, ['.'] = 0.1 },
            ["aa"] = new() { ['.'] = 0.9, ['b'] = 0.1 },
        });
        var plain = Beam(4, 5);
        plain.LengthPenalty = 0;
        var best = Run(model, plain)[0];
        Assert.AreEqual("", ScriptedModel.Letters(best.Tokens));
        Assert.AreEqual(Math.Log(0.5), best.Score, 1e-6);
        var normalised = Beam(4, 5);
        normalised.LengthPenalty = 1;
        best = Run(model, normalised)[0];
        Assert.AreEqual("aa", ScriptedModel.Letters(best.Tokens));
        // Three tokens with the end: log 0.405 · 6/8.
        Assert.AreEqual(Math.Log(0.5 * 0.9 * 0.9) * 6 / 8, best.Score, 1e-6);
        Assert.AreEqual(Math.Log(0.5 * 0.9 * 0.9), best.LogProbability, 1e-6);
        normalised.LengthPenaltyForm = LengthPenaltyForm.Power;
        // The mean log-probability of the three.
        Assert.AreEqual(Math.Log(0.5 * 0.9 * 0.9) / 3, Run(model, normalised)[0].Score, 1e-6);
    }

    [TestMethod]
    public void AHypothesisThatEndsEarlyIsNotLost()
    {
        var script = new Dictionary<string, Dictionary<char, double>> { [""] = new() { ['a'] = 0.4, ['.'] = 0.35, ['b'] = 0.25 } };
        foreach (string start in new[] { "a", "b" })
            for (string prefix = start; prefix.Length < 9; prefix += "c")
                script[prefix] = new() { ['c'] = 0.5, ['d'] = 0.45, ['.'] = 0.05 };
        var found = Run(ScriptedModel.Table(script), Beam(2, 9));
        Assert.IsEmpty(found[0].Tokens);
        Assert.AreEqual(Math.Log(0.35), found[0].Score, 1e-6);
    }

    [TestMethod]
    public void HypothesesAreDistinctAndSorted()
    {
        var options = Beam(6, 8);
        options.NumberOfHypotheses = 6;
        for (int seed = 0; seed < 50; seed++)
        {
            var found = Run(ScriptedModel.Random(seed), options);
            Assert.HasCount(6, found);
            Assert.HasCount(6, found.Select(hypothesis => ScriptedModel.Letters(hypothesis.Tokens)).Distinct());
            CollectionAssert.AreEqual(found.OrderByDescending(hypothesis => hypothesis.Score).ToArray(), found);
        }
    }

    [TestMethod]
    [DataRow(DecodingStrategy.Greedy)]
    [DataRow(DecodingStrategy.Beam)]
    [DataRow(DecodingStrategy.Sampling)]
    public void NothingEndsBeforeTheMinimumOrRunsPastTheMaximum(DecodingStrategy strategy)
    {
        for (int seed = 0; seed < 50; seed++)
        {
            var model = ScriptedModel.Random(seed);
            var found = Run(model, new DecodingOptions { Strategy = strategy, MinLength = 3, MaxLength = 5 });
            Assert.IsInRange(3, 5, found[0].Tokens.Length);
            Assert.HasCount(found[0].Tokens.Length + 1, found[0].TokenScores);
            var exact = Run(model, new DecodingOptions { Strategy = strategy, MinLength = 6, MaxLength = 6 });
            Assert.HasCount(6, exact[0].Tokens);
            var beyondTheRatio = Run(model, new DecodingOptions { Strategy = strategy, MinLength = 20, MaxLengthRatio = 0.1 });
            Assert.HasCount(20, beyondTheRatio[0].Tokens);
        }
    }

    [TestMethod]
    public void TheMinimumLengthKeepsTheBestOfTheOutputsThatAreLongEnough()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var model = ScriptedModel.Random(seed);
            var best = Exhaustive.Outputs(model, _source, 4, minLength: 3).MaxBy(output => Exhaustive.Score(output, 0.6));
            var found = Run(model, new DecodingOptions { BeamSize = 400, MinLength = 3, MaxLength = 4, MaxLengthRatio = 0 });
            CollectionAssert.AreEqual(best.Tokens, found[0].Tokens);
        }
    }

    [TestMethod]
    public void TheLengthRatioBoundsAModelThatNeverEnds()
    {
        var endless = new ScriptedModel(6, (_, _) => [0, 0, -20, 0, 1, 0]);
        using var batch = SourceBatch.Create([[4, 5, 4, 5], []], torch.CPU);
        var found = Search.Run(endless, batch, new DecodingOptions { MaxLengthRatio = 1.5 });
        // Ten tokens are free.
        Assert.HasCount(16, found[0][0].Tokens);
        Assert.HasCount(10, found[1][0].Tokens);
        found = Search.Run(endless, batch, new DecodingOptions { MaxLengthRatio = 0, MaxLength = 30 });
        Assert.HasCount(30, found[1][0].Tokens);
    }

    [TestMethod]
    public void ABeamWiderThanTheVocabularyStillFillsAndEnds()
    {
        var model = ScriptedModel.Random(1, vocabulary: 6);
        var found = Run(model, new DecodingOptions { BeamSize = 32, NumberOfHypotheses = 32, MaxLength = 6, MaxLengthRatio = 0 });
        Assert.HasCount(32, found);
    }

    [TestMethod]
    [DataRow(DecodingStrategy.Greedy, 1)]
    [DataRow(DecodingStrategy.Beam, 3)]
    [DataRow(DecodingStrategy.Sampling, 1)]
    [DataRow(DecodingStrategy.Sampling, 3)]
    public void WhatIsSettledIsNeverTakenBack(DecodingStrategy strategy, int hypotheses)
    {
        using var batch = SourceBatch.Create([[4], [5, 6], [6]], torch.CPU);
        int early = 0;
        for (int seed = 0; seed < 50; seed++)
        {
            int steps = 0;
            var model = new ScriptedModel(7, ScriptedModel.Random(seed, spread: 4).LogProbabilities) { OnStep = _ => steps++ };
            var settled = Enumerable.Range(0, 3).Select(_ => new List<(int Step, int[] Tokens)> { (0, []) }).ToArray();
            var found = Search.Run(model, batch, new() { Strategy = strategy, NumberOfHypotheses = hypotheses, MaxLength = 8 },
                settled: (row, tokens) => settled[row].Add((steps, tokens)));
            for (int row = 0; row < 3; row++)
            {
                foreach (var (shorter, longer) in settled[row].Zip(settled[row].Skip(1)))
                {
                    Assert.IsGreaterThan(shorter.Tokens.Length, longer.Tokens.Length);
                    Assert.IsTrue(longer.Tokens.AsSpan().StartsWith(shorter.Tokens));
                    early += longer.Step < steps ? 1 : 0;
                }
                CollectionAssert.AreEqual(found[row][0].Tokens, settled[row][^1].Tokens, $"seed {seed}");
            }
        }
        Assert.IsGreaterThan(20, early, "hardly anything is settled before the end");
    }

    [TestMethod]
    public void LogitsThatAreNotNumbersAreAnError()
    {
        var broken = new ScriptedModel(6, (_, written) => [0, 0, 0, 0, written.Length == 2 ? double.NaN : 1, 0]);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Run(broken, Beam(3, 6)));
        StringAssert.Contains(error.Message, "not a number");
    }

    private static DecodingOptions Greedy(int maxLength) => new() { Strategy = DecodingStrategy.Greedy, MaxLength = maxLength };

    private static DecodingOptions Beam(int size, int maxLength) => new() { BeamSize = size, MaxLength = maxLength };

    private static Hypothesis[] Run(IStepModel model, DecodingOptions options)
    {
        options.Validate();
        using var batch = SourceBatch.Create([_source], torch.CPU);
        return [.. Search.Run(model, batch, options)[0]];
    }

    private static void AssertSame(Hypothesis[] expected, Hypothesis[] actual, double tolerance)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
        {
            CollectionAssert.AreEqual(expected[i].Tokens, actual[i].Tokens);
            Assert.AreEqual(expected[i].Score, actual[i].Score, tolerance);
        }
    }
}
