using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

/// <summary>What a row gives depends on nothing but the row.</summary>
[TestClass]
public sealed class SearchInvarianceTests
{
    public static IEnumerable<object[]> Strategies()
    {
        yield return ["greedy", new DecodingOptions { Strategy = DecodingStrategy.Greedy, MaxLength = 30 }];
        yield return ["beam", new DecodingOptions { BeamSize = 4, NumberOfHypotheses = 4, MaxLength = 30 }];
        yield return ["diverse beam", new DecodingOptions { BeamSize = 6, BeamGroups = 3, NumberOfHypotheses = 6, MaxLength = 30 }];
        yield return ["sampling", new DecodingOptions { Strategy = DecodingStrategy.Sampling, NumberOfHypotheses = 3, TopP = 0.9, MaxLength = 30 }];
        yield return ["sampling with rules", new DecodingOptions
        {
            Strategy = DecodingStrategy.Sampling,
            NoRepeatNgramSize = 2,
            RepetitionPenalty = 1.5,
            MinLength = 4,
            MaxLength = 30,
        }];
    }

    [TestMethod]
    [DynamicData(nameof(Strategies))]
    public void ARowGivesTheSameAloneInAnyBatchAndInAnyOrder(string name, DecodingOptions options)
    {
        using var model = TinyModels.Create(vocabulary: 40);
        var random = new Random(7);
        int[][] sources = [.. Enumerable.Range(0, 24).Select(i => TinyModels.Tokens(random, i % 13, 40))];
        var alone = sources.Select(source => Run(model, options, source)[0]).ToArray();
        int[] order = [.. Enumerable.Range(0, sources.Length)];
        for (int round = 0; round < 4; round++)
        {
            foreach (int size in new[] { 1, 5, 24 })
            {
                foreach (int[] rows in order.Chunk(size))
                {
                    var together = Run(model, options, [.. rows.Select(row => sources[row])]);
                    for (int i = 0; i < rows.Length; i++)
                        AssertSame(alone[rows[i]], together[i], $"{name}, row {rows[i]} in a batch of {rows.Length}");
                }
            }
            random.Shuffle(order);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Strategies))]
    public void TheNumberOfThreadsOfASearchChangesNoBit(string name, DecodingOptions options)
    {
        // Wide enough for the rows of a step to be shared out.
        var model = ScriptedModel.Random(5, vocabulary: 5000, spread: 12);
        int[][] sources = [.. Enumerable.Range(0, 5).Select(i => new[] { 4 + i })];
        options = options.Clone();
        options.MaxLength = 8;
        var alone = Run(model, options, threads: 1, sources);
        foreach (int threads in new[] { 2, 3, 8 })
        {
            var shared = Run(model, options, threads, sources);
            for (int i = 0; i < sources.Length; i++)
                AssertSame(alone[i], shared[i], $"{name}, row {i}, {threads} threads", tolerance: 0);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Strategies))]
    public void ManyThreadsShareAModel(string name, DecodingOptions options)
    {
        using var model = TinyModels.Create(vocabulary: 40);
        var random = new Random(8);
        int[][] sources = [.. Enumerable.Range(0, 16).Select(i => TinyModels.Tokens(random, i % 7, 40))];
        var serial = sources.Select(source => Run(model, options, source)[0]).ToArray();
        var parallel = new IReadOnlyList<Hypothesis>[sources.Length];
        Parallel.For(0, sources.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 },
            i => parallel[i] = Run(model, options, sources[i])[0]);
        for (int i = 0; i < sources.Length; i++)
            AssertSame(serial[i], parallel[i], $"{name}, row {i}", tolerance: 0);
    }

    private static IReadOnlyList<Hypothesis>[] Run(IStepModel model, DecodingOptions options, params int[][] sources) =>
        Run(model, options, threads: 1, sources);

    private static IReadOnlyList<Hypothesis>[] Run(IStepModel model, DecodingOptions options, int threads, int[][] sources)
    {
        options.Validate();
        using var batch = SourceBatch.Create(sources, torch.CPU);
        return Search.Run(model, batch, options, threads: threads);
    }

    private static void AssertSame(
        IReadOnlyList<Hypothesis> expected, IReadOnlyList<Hypothesis> actual, string what, double tolerance = 1e-5)
    {
        Assert.HasCount(expected.Count, actual);
        for (int i = 0; i < expected.Count; i++)
        {
            CollectionAssert.AreEqual(expected[i].Tokens, actual[i].Tokens, what);
            Assert.AreEqual(expected[i].Score, actual[i].Score, tolerance, what);
            Assert.HasCount(expected[i].TokenScores.Length, actual[i].TokenScores, what);
            for (int t = 0; t < expected[i].TokenScores.Length; t++)
                Assert.AreEqual(expected[i].TokenScores[t], actual[i].TokenScores[t], tolerance, what);
        }
    }
}
