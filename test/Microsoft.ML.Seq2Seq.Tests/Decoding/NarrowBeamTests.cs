using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

/// <summary>Beams too narrow to hold everything, against the textbook's search; and when they stop.</summary>
[TestClass]
public sealed class NarrowBeamTests
{
    private const int MaxLength = 7;
    private static readonly int[] _source = [4, 5];

    public static IEnumerable<object[]> Beams() =>
        from beam in new[] { 2, 3, 4, 5 }
        from hypotheses in new[] { 1, 2, beam }.Distinct()
        from patience in new[] { 0.5, 1, 2, double.PositiveInfinity }
        select new object[] { beam, hypotheses, patience };

    [TestMethod]
    [DynamicData(nameof(Beams))]
    public void ANarrowBeamIsTheTextbooksStepForStep(int beam, int hypotheses, double patience)
    {
        foreach (var (alpha, form) in new[] { (0.0, LengthPenaltyForm.Gnmt), (0.6, LengthPenaltyForm.Gnmt), (1.0, LengthPenaltyForm.Power) })
        {
            for (int seed = 0; seed < 40; seed++)
            {
                var model = Model(seed);
                var textbook = new TextbookBeam
                {
                    Width = beam,
                    Keep = hypotheses,
                    Patience = patience,
                    Alpha = alpha,
                    Form = form,
                    MaxLength = MaxLength,
                };
                var expected = textbook.Search(model, _source)[0];
                var (found, steps) = Run(model, new()
                {
                    BeamSize = beam,
                    NumberOfHypotheses = hypotheses,
                    Patience = patience,
                    LengthPenalty = alpha,
                    LengthPenaltyForm = form,
                });
                string what = $"seed {seed}, α {alpha}";
                Assert.HasCount(expected.Count, found, what);
                for (int i = 0; i < found.Count; i++)
                {
                    CollectionAssert.AreEqual(expected[i].Tokens, found[i].Tokens, $"{what}, hypothesis {i}");
                    Assert.AreEqual(expected[i].LogProbability, found[i].LogProbability, 1e-5, what);
                    Assert.AreEqual(expected[i].Score, found[i].Score, 1e-5, what);
                }
                Assert.AreEqual(textbook.Steps, steps, what);
            }
        }
    }

    [TestMethod]
    [DataRow(0.9, 1.0, 1)]
    [DataRow(0.9, double.PositiveInfinity, 1)]
    // "a" alone could still win, and does; what goes on from it could not.
    [DataRow(0.4, double.PositiveInfinity, 2)]
    public void ASearchStopsOnceNothingAliveCanWin(double end, double patience, int expected)
    {
        var model = ScriptedModel.Table(new()
        {
            [""] = new() { ['.'] = end, ['a'] = 1 - end },
            ["a"] = new() { ['.'] = 0.8, ['a'] = 0.2 },
            ["aa"] = new() { ['a'] = 1 },
            ["aaa"] = new() { ['a'] = 1 },
        });
        var (found, steps) = Run(model, new() { BeamSize = 3, Patience = patience, LengthPenalty = 0 });
        Assert.AreEqual(end > 0.5 ? "" : "a", ScriptedModel.Letters(found[0].Tokens));
        Assert.AreEqual(expected, steps);
    }

    [TestMethod]
    [DataRow(1.0, 3, "a")]
    [DataRow(double.PositiveInfinity, 5, "bccc")]
    public void ASearchStopsOnceAsManyHaveEndedAsPatienceAsksFor(double patience, int expected, string output)
    {
        // "a" and "ac" end first; "bccc" scores more for its length, and comes too late for a beam without patience.
        var model = ScriptedModel.Table(new()
        {
            [""] = new() { ['a'] = 0.5, ['b'] = 0.35, ['.'] = 0.15 },
            ["a"] = new() { ['.'] = 0.6, ['c'] = 0.4 },
            ["b"] = new() { ['c'] = 1 },
            ["bc"] = new() { ['c'] = 1 },
            ["bcc"] = new() { ['c'] = 1 },
        });
        var (found, steps) = Run(model, new() { BeamSize = 2, LengthPenalty = 2, Patience = patience });
        Assert.AreEqual(output, ScriptedModel.Letters(found[0].Tokens));
        Assert.AreEqual(expected, steps);
    }

    [TestMethod]
    [DataRow(0.0, LengthPenaltyForm.Gnmt)]
    [DataRow(0.6, LengthPenaltyForm.Gnmt)]
    [DataRow(2.0, LengthPenaltyForm.Gnmt)]
    [DataRow(1.0, LengthPenaltyForm.Power)]
    public void TheSafeStopSavesStepsAndChangesNothing(double alpha, LengthPenaltyForm form)
    {
        int taken = 0, all = 0;
        for (int seed = 0; seed < 100; seed++)
        {
            foreach (int hypotheses in new[] { 1, 3 })
            {
                var model = Model(seed);
                var toTheEnd = new TextbookBeam
                {
                    Width = 3,
                    Keep = hypotheses,
                    Alpha = alpha,
                    Form = form,
                    MaxLength = MaxLength,
                    StopsEarly = false,
                };
                var expected = toTheEnd.Search(model, _source)[0];
                var (found, steps) = Run(model, new()
                {
                    BeamSize = 3,
                    NumberOfHypotheses = hypotheses,
                    Patience = double.PositiveInfinity,
                    LengthPenalty = alpha,
                    LengthPenaltyForm = form,
                });
                Assert.HasCount(expected.Count, found);
                for (int i = 0; i < found.Count; i++)
                    CollectionAssert.AreEqual(expected[i].Tokens, found[i].Tokens, $"seed {seed}, hypothesis {i}");
                taken += steps;
                all += toTheEnd.Steps;
            }
        }
        Assert.IsLessThan(all, taken);
    }

    /// <summary>Spread enough for a beam to end at many lengths.</summary>
    private static ScriptedModel Model(int seed) => ScriptedModel.Random(seed, vocabulary: 9, spread: 5);

    private static (IReadOnlyList<Hypothesis> Found, int Steps) Run(ScriptedModel script, DecodingOptions options)
    {
        int steps = 0;
        var model = new ScriptedModel(script.Vocabulary, script.LogProbabilities) { OnStep = _ => steps++ };
        options.MaxLength = MaxLength;
        options.MaxLengthRatio = 0;
        options.Validate();
        using var batch = SourceBatch.Create([_source], torch.CPU);
        return (Search.Run(model, batch, options)[0], steps);
    }
}
