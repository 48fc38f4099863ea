using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

[TestClass]
public sealed class SamplingTests
{
    private const int Draws = 20000;

    /// <summary>Equally spaced numbers in place of random ones: the frequencies then are the probabilities, to one
    /// draw.</summary>
    [TestMethod]
    [DataRow(1.0, 0, 1.0)]
    [DataRow(0.5, 0, 1.0)]
    [DataRow(2.0, 0, 1.0)]
    [DataRow(1.0, 3, 1.0)]
    [DataRow(1.0, 0, 0.6)]
    [DataRow(1.0, 0, 0.99)]
    [DataRow(1.5, 4, 0.7)]
    [DataRow(1.0, 500, 1.0)]
    [DataRow(double.Epsilon, 0, 1.0)]
    [DataRow(1e-39, 5, 0.5)]
    [DataRow(1e300, 0, 1.0)]
    public void FrequenciesFollowTheDistribution(double temperature, int topK, double topP)
    {
        // Flat enough that the 64 best of 300 don't hold 0.99 of the probability.
        var random = new Random(3);
        float[] logits = [.. Enumerable.Range(0, 300).Select(_ => 2 * random.NextSingle())];
        logits[7] = float.NegativeInfinity;

        float largest = logits.Max();
        double[] weights = [.. logits.Select(logit => Math.Exp((logit - largest) / temperature))];
        var sorted = Enumerable.Range(0, 300).OrderByDescending(token => weights[token]).ToList();
        if (topK > 0 && topK < 300)
            sorted = sorted[..topK];
        double total = sorted.Sum(token => weights[token]), sum = 0;
        var kept = sorted.TakeWhile(token => (sum += weights[token]) - weights[token] < topP * total).ToHashSet();
        double keptTotal = kept.Sum(token => weights[token]);

        var counts = new int[300];
        var next = new NextTokens((float[])logits.Clone(), new float[LogitBlock.Count(logits.Length)]);
        for (int i = 0; i < Draws; i++)
            counts[next.Draw(temperature, topK, topP, (i + 0.5) / Draws).Token]++;
        for (int token = 0; token < 300; token++)
            Assert.AreEqual(kept.Contains(token) ? Draws * weights[token] / keptTotal : 0, counts[token], 1.1, $"token {token}");
    }

    [TestMethod]
    public void ScoresAreTheModelsWhateverTheTemperature()
    {
        var model = ScriptedModel.Random(1);
        var found = Run(model, Options(o => o.Temperature = 5), [[4, 5]])[0][0];
        double expected = Enumerable.Range(0, found.Tokens.Length + 1).Sum(t =>
            model.LogProbabilities([4, 5], found.Tokens[..t])[t < found.Tokens.Length ? found.Tokens[t] : 2]);
        Assert.AreEqual(expected, found.LogProbability, 1e-5);
    }

    [TestMethod]
    public void WholeOutputsComeAsOftenAsTheyAreProbable()
    {
        var model = ScriptedModel.Table(new()
        {
            [""] = new() { ['a'] = 0.6, ['b'] = 0.3, ['.'] = 0.1 },
            ["a"] = new() { ['a'] = 0.5, ['.'] = 0.5 },
        });
        var found = Run(model, Options(o => o.NumberOfHypotheses = 1000), [[4], [5], [6], [7]]).SelectMany(row => row).ToArray();
        Assert.HasCount(4000, found);
        foreach (var (output, probability) in new[] { ("", 0.1), ("b", 0.3), ("a", 0.3), ("aa", 0.3) })
            // Four deviations of 4,000 draws.
            Assert.AreEqual(probability, found.Count(h => ScriptedModel.Letters(h.Tokens) == output) / 4000.0,
                4 * Math.Sqrt(probability * (1 - probability) / 4000), output);
    }

    [TestMethod]
    public void ASampleDependsOnTheSeedAndTheSourceAlone()
    {
        var model = new ScriptedModel(40, (_, _) => new double[40]);
        string Sample(int seed, int[] source, int count = 1) => string.Join('|', Run(model, Options(o =>
        {
            o.Seed = seed;
            o.NumberOfHypotheses = count;
            o.MinLength = o.MaxLength = 5;
            o.LengthPenalty = 0;
        }), [[9], source])[1].Select(hypothesis => string.Join(' ', hypothesis.Tokens)).Order());

        Assert.AreEqual(Sample(1, [4, 5]), Sample(1, [4, 5]));
        Assert.AreNotEqual(Sample(1, [4, 5]), Sample(2, [4, 5]));
        Assert.AreNotEqual(Sample(1, [4, 5]), Sample(1, [5, 4]));
        Assert.AreNotEqual(Sample(1, [4]), Sample(1, [4, 4]));
        // More samples leave the first as it was, and are not copies of it.
        string[] five = Sample(1, [4, 5], count: 5).Split('|');
        Assert.HasCount(5, five.Distinct());
        Assert.Contains(Sample(1, [4, 5]), five);
    }

    [TestMethod]
    public void SamplesPartAfterAForcedPrefix()
    {
        var model = new ScriptedModel(40, (_, _) => new double[40]);
        using var batch = SourceBatch.Create([[4], [5]], torch.CPU);
        var options = Options(o => (o.NumberOfHypotheses, o.MinLength, o.MaxLength) = (4, 5, 5));
        var found = Search.Run(model, batch, options, constraints: new() { Prefixes = [[6, 7], []] });
        foreach (var row in found)
            Assert.HasCount(4, row.Select(hypothesis => string.Join(' ', hypothesis.Tokens)).Distinct());
        Assert.IsTrue(found[0].All(hypothesis => hypothesis.Tokens.AsSpan().StartsWith([6, 7])));
    }

    private static DecodingOptions Options(Action<DecodingOptions> change)
    {
        var options = new DecodingOptions { Strategy = DecodingStrategy.Sampling };
        change(options);
        options.Validate();
        return options;
    }

    private static IReadOnlyList<Hypothesis>[] Run(ScriptedModel model, DecodingOptions options, int[][] sources)
    {
        using var batch = SourceBatch.Create(sources, torch.CPU);
        return Search.Run(model, batch, options);
    }
}
