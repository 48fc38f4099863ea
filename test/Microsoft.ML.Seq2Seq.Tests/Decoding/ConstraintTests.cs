using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

/// <summary>Rules on what may be written: a beam wide enough finds the best of all outputs that obey, by brute
/// force.</summary>
[TestClass]
public sealed class ConstraintTests
{
    private const int MaxLength = 4;

    private static readonly int[] _source = [4, 5];

    [TestMethod]
    public void UnknownIsNotWrittenUnlessItMay()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            AssertBest(seed, output => !output.Contains(SpecialTokens.Unknown), options => options.SuppressUnknown = true);
            AssertBest(seed, output => true, options => { });
        }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void NoNgramIsRepeated(int size)
    {
        for (int seed = 0; seed < 20; seed++)
            AssertBest(seed, output => Ngrams(output).Distinct().Count() == Ngrams(output).Count(),
                options => options.NoRepeatNgramSize = size);

        IEnumerable<string> Ngrams(int[] output) => Enumerable.Range(0, Math.Max(0, output.Length - size + 1))
            .Select(i => string.Join(' ', output.Skip(i).Take(size)));
    }

    [TestMethod]
    public void NoTextThatHoldsABannedPhraseIsWritten()
    {
        // Several ways to spell a text: "ab" is one token or two.
        string[] texts = ["", "", "", "?", "a", "b", "ab"], phrases = ["ba", "aab", "bbb"];
        var filter = new PhraseFilter(phrases, PhraseFilterTests.TextsOf(texts));
        for (int seed = 0; seed < 20; seed++)
            AssertBest(seed, output => !phrases.Any(string.Concat(output.Select(token => texts[token])).Contains),
                options => options.BannedPhrases = phrases, new() { BannedPhrases = filter });
    }

    [TestMethod]
    public void OutputsBeginWithTheForcedPrefixOfTheirRow()
    {
        for (int seed = 0; seed < 20; seed++)
            AssertBest(seed, output => output.AsSpan().StartsWith([6, 4]), options => { }, new() { Prefixes = [[6, 4]] });

        // Each row has its own, and one that is longer than the limit is still written whole.
        int[][] prefixes = [[], [5], [6, 6, 6, 6, 6, 6]];
        using var batch = SourceBatch.Create([[4], [4], [4]], torch.CPU);
        var options = new DecodingOptions { BeamSize = 3, NumberOfHypotheses = 3, MaxLength = MaxLength };
        var found = Search.Run(ScriptedModel.Random(1), batch, options, constraints: new() { Prefixes = prefixes });
        for (int row = 0; row < prefixes.Length; row++)
            foreach (var hypothesis in found[row])
                CollectionAssert.AreEqual(prefixes[row], hypothesis.Tokens[..prefixes[row].Length]);
        CollectionAssert.AreEqual(prefixes[2], found[2].Single().Tokens);
    }

    [TestMethod]
    public void OnlyAllowedTargetsComeOut()
    {
        int[][] allowed = [[4], [4, 5], [6, 6, 6, 6, 6, 6, 6], [5, 4, 3], []];
        for (int seed = 0; seed < 20; seed++)
        {
            var model = ScriptedModel.Random(seed);
            var options = new DecodingOptions { AllowedTargets = ["five texts"], BeamSize = 5, NumberOfHypotheses = 5, MaxLength = 2 };
            var found = Run(model, options, new() { AllowedTargets = [Trie(allowed)] });
            var expected = allowed.Select(tokens => (Tokens: tokens, LogProbability: LogProbability(model, tokens)))
                .OrderByDescending(output => Exhaustive.Score(output, 0.6)).ToArray();
            Assert.HasCount(5, found);
            for (int i = 0; i < 5; i++)
            {
                CollectionAssert.AreEqual(expected[i].Tokens, found[i].Tokens);
                Assert.AreEqual(Exhaustive.Score(expected[i], 0.6), found[i].Score, 1e-5);
            }
        }
    }

    [TestMethod]
    public void WhereNoTargetIsAllowedNothingComesOut()
    {
        using var batch = SourceBatch.Create([[4], [5], [6]], torch.CPU);
        var constraints = new SearchConstraints { AllowedTargets = [Trie([4, 5]), Trie(), Trie([4, 5], [5])] };
        var found = Search.Run(ScriptedModel.Random(3), batch, new() { AllowedTargets = ["ab"] }, constraints: constraints);
        CollectionAssert.AreEqual(new[] { 4, 5 }, found[0][0].Tokens);
        Assert.IsEmpty(found[1][0].Tokens);
        Assert.AreEqual(double.NegativeInfinity, found[1][0].Score);
        Assert.IsNotEmpty(found[2][0].Tokens);
    }

    [TestMethod]
    [DataRow(1.0)]
    [DataRow(1.3)]
    [DataRow(3.0)]
    public void TheRepetitionPenaltyMultipliesLogProbabilitiesOfWhatWasWritten(double penalty)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var model = ScriptedModel.Random(seed);
            var best = Exhaustive.Outputs(model, _source, MaxLength).MaxBy(output => Score(output.Tokens));
            var found = Run(model, Wide(options => options.RepetitionPenalty = penalty))[0];
            CollectionAssert.AreEqual(best.Tokens, found.Tokens);
            Assert.AreEqual(Score(best.Tokens), found.Score, 1e-5);
            // What the model thinks of it stays visible.
            Assert.AreEqual(best.LogProbability, found.LogProbability, 1e-5);

            double Score(int[] tokens)
            {
                double sum = 0;
                for (int t = 0; t <= tokens.Length; t++)
                {
                    int token = t < tokens.Length ? tokens[t] : SpecialTokens.End;
                    sum += model.LogProbabilities(_source, tokens[..t])[token] * (tokens[..t].Contains(token) ? penalty : 1);
                }
                return Exhaustive.Score((tokens, sum), 0.6);
            }
        }
    }

    [TestMethod]
    public void WhereNothingMayFollowTheOutputEnds()
    {
        // Three tokens without a repetition, but at least four are wanted.
        var model = ScriptedModel.Random(4);
        foreach (var strategy in Enum.GetValues<DecodingStrategy>())
        {
            var options = new DecodingOptions { Strategy = strategy, NoRepeatNgramSize = 1, MinLength = 4 };
            var found = Run(model, options)[0];
            CollectionAssert.AreEquivalent(new[] { 4, 5, 6 }, found.Tokens);
            Assert.AreEqual(LogProbability(model, found.Tokens), found.LogProbability, 1e-5);
        }
    }

    [TestMethod]
    public void TextsOfTheOptionsMustArriveAsTokens()
    {
        var model = ScriptedModel.Random(1);
        AssertThrows(new() { BannedPhrases = ["a"] }, SearchConstraints.None, "BannedPhrases");
        AssertThrows(new(), new() { BannedPhrases = new PhraseFilter(["a"], PhraseFilterTests.TextsOf("a")) }, "BannedPhrases");
        AssertThrows(new() { AllowedTargets = ["a"] }, SearchConstraints.None, "AllowedTargets");
        AssertThrows(new(), new() { AllowedTargets = [Trie([4])] }, "AllowedTargets");
        AssertThrows(new(), new() { Prefixes = [[4], [4]] }, "Prefixes");
        AssertThrows(new() { AllowedTargets = ["a"] }, new() { AllowedTargets = [Trie([4]), Trie([4])] }, "AllowedTargets");
        AssertThrows(new() { AllowedTargets = ["a"] }, new() { AllowedTargets = [Trie([4])], Prefixes = [[4]] }, "Prefixes");

        void AssertThrows(DecodingOptions options, SearchConstraints constraints, string named) =>
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Run(model, options, constraints)).Message, named);
    }

    [TestMethod]
    [DataRow(2.0, LengthPenaltyForm.Gnmt)]
    [DataRow(1.0, LengthPenaltyForm.Power)]
    public void PatienceFindsWhatTheUsualStopMisses(double alpha, LengthPenaltyForm form)
    {
        int better = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var model = ScriptedModel.Random(seed);
            var options = new DecodingOptions { BeamSize = 2, LengthPenalty = alpha, LengthPenaltyForm = form, MaxLength = 8 };
            double usual = Run(model, options)[0].Score;
            options.Patience = double.PositiveInfinity;
            double patient = Run(model, options)[0].Score;
            Assert.IsGreaterThanOrEqualTo(usual, patient, $"seed {seed}");
            better += patient > usual ? 1 : 0;
        }
        Assert.IsGreaterThan(10, better);
    }

    [TestMethod]
    public void GreedySearchIsGreedyHoweverPatient()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var model = ScriptedModel.Random(seed);
            var options = new DecodingOptions { Strategy = DecodingStrategy.Greedy, LengthPenalty = 2, MaxLength = 8 };
            int[] usual = Run(model, options)[0].Tokens;
            options.Patience = double.PositiveInfinity;
            CollectionAssert.AreEqual(usual, Run(model, options)[0].Tokens, $"seed {seed}");
        }
    }

    private static TokenTrie Trie(params int[][] sequences) => TokenTrie.Create(sequences.Select(tokens => (tokens, string.Join(' ', tokens))));

    private static DecodingOptions Wide(Action<DecodingOptions> change)
    {
        var options = new DecodingOptions { BeamSize = 400, MaxLength = MaxLength, MaxLengthRatio = 0 };
        change(options);
        return options;
    }

    private static void AssertBest(
        int seed, Func<int[], bool> obeys, Action<DecodingOptions> change, SearchConstraints? constraints = null)
    {
        var model = ScriptedModel.Random(seed);
        var expected = Exhaustive.Outputs(model, _source, MaxLength, unknown: true).Where(output => obeys(output.Tokens))
            .OrderByDescending(output => Exhaustive.Score(output, 0.6)).Take(3).ToArray();
        var found = Run(model, Wide(options =>
        {
            options.NumberOfHypotheses = 3;
            options.SuppressUnknown = false;
            change(options);
        }), constraints);
        for (int i = 0; i < expected.Length; i++)
        {
            CollectionAssert.AreEqual(expected[i].Tokens, found[i].Tokens, $"seed {seed}, hypothesis {i}");
            Assert.AreEqual(Exhaustive.Score(expected[i], 0.6), found[i].Score, 1e-5);
        }
    }

    private static double LogProbability(ScriptedModel model, int[] tokens) => Enumerable.Range(0, tokens.Length + 1)
        .Sum(t => model.LogProbabilities(_source, tokens[..t])[t < tokens.Length ? tokens[t] : SpecialTokens.End]);

    private static IReadOnlyList<Hypothesis> Run(ScriptedModel model, DecodingOptions options, SearchConstraints? constraints = null)
    {
        options.Validate();
        using var batch = SourceBatch.Create([_source], torch.CPU);
        return Search.Run(model, batch, options, constraints: constraints)[0];
    }
}
