using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>The second definition of the Transformer against the first.</summary>
[TestClass]
public sealed class PackedTransformerTests
{
    private const int Vocabulary = 13, Steps = 70; // more than the first tables and paths have room for

    public static IEnumerable<object[]> Architectures()
    {
        foreach (object[] row in InvarianceTests.Architectures())
            if (row[1] is TransformerArchitecture)
                yield return row;
        foreach (int dimension in new[] { 17, 24, 32, 64, 80 })
            yield return [$"heads of {dimension}", TinyModels.Architecture(a => (a.ModelDimension, a.Heads, a.NormPlacement, a.PositionalEncoding) =
                (2 * dimension, 2, NormPlacement.Post, dimension % 2 == 0 ? PositionalEncodingKind.Rotary : PositionalEncodingKind.Learned))];
        foreach (var activation in new[] { ActivationKind.GeGlu, ActivationKind.SwiGlu, ActivationKind.Gelu })
            yield return [$"{activation}, uneven width", TinyModels.Architecture(a => (a.Activation, a.FeedForwardDimension) = (activation, 71))];
        foreach (var positions in new[] { PositionalEncodingKind.Alibi, PositionalEncodingKind.Relative })
            yield return [$"{positions}, window, grouped heads", TinyModels.Architecture(
                a => (a.PositionalEncoding, a.AttentionWindow, a.KeyValueHeads) = (positions, 3, 2))];
    }

    public static IEnumerable<object[]> ArchitecturesAndPrecisions() =>
        from architecture in Architectures()
        from precision in new[] { InferencePrecision.Float32, InferencePrecision.BFloat16, InferencePrecision.Int8 }
        select new[] { $"{architecture[0]}, {precision}", architecture[1], precision };

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void EveryStepEqualsTheModelsOwn(string name, TransformerArchitecture architecture)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var model = TinyModels.Create(architecture, Vocabulary);
        IStepModel own = model, packed = Pack(model, architecture, InferencePrecision.Float32);
        var random = new Random(2);
        int[][] sources = [TinyModels.Tokens(random, 9), [], TinyModels.Tokens(random, 80), TinyModels.Tokens(random, 3)];
        using var batch = SourceBatch.Create(sources, torch.CPU);
        DecoderState ours = packed.Start(batch, Team.Alone), theirs = own.Start(batch, Team.Alone);
        int[] tokens = [.. sources.Select(_ => SpecialTokens.Begin)];
        int[] lengths = [.. batch.SourceLengths];
        for (int step = 0; step < Steps; step++)
        {
            using var stepScope = torch.NewDisposeScope();
            ours.Noted = theirs.Noted = new NotedAttention(
                step % 3 == 0 ? null : step % architecture.DecoderLayers, step % 2 == 0 ? null : step / 2 % architecture.Heads);
            (var actual, ours) = packed.Step(ours, tokens);
            (var expected, theirs) = own.Step(theirs, tokens);
            int width = tokens.Length / lengths.Length;
            for (int row = 0; row < tokens.Length; row++)
            {
                AssertClose(expected.Logits(row), actual.Logits(row), 1e-4, $"{name}, step {step}, row {row}");
                int length = lengths[row / width];
                AssertClose(expected.Attention(row, length), actual.Attention(row, length), 1e-5, $"{name}, attention of step {step}, row {row}");
            }
            // First a beam of three, then in another order, then without the first source.
            int[] rows = [.. Enumerable.Range(0, tokens.Length)];
            int[]? kept = null;
            if (step == 2)
                rows = [.. rows.SelectMany(row => Enumerable.Repeat(row, 3))];
            else if (step is 4 or 40)
                rows = [.. rows.Select(row => row / 3 * 3 + (row + row / 3) % 3)];
            else if (step == 6)
                (rows, kept, lengths) = ([5, 3, 3, 8, 7, 6, 9, 9, 9], [1, 2, 3], lengths[1..]);
            if (!rows.SequenceEqual(Enumerable.Range(0, tokens.Length)))
                (ours, theirs) = (packed.Reorder(ours, rows, kept), own.Reorder(theirs, rows, kept));
            tokens = [.. rows.Select(_ => random.Next(SpecialTokens.FirstText, Vocabulary))];
        }
        ours.Dispose();
        theirs.Dispose();
    }

    [TestMethod]
    [DynamicData(nameof(ArchitecturesAndPrecisions))]
    public void ARowIsTheSameToTheBitAloneAndInAnyBatch(string name, TransformerArchitecture architecture, InferencePrecision precision)
    {
        using var model = TinyModels.Create(architecture, Vocabulary);
        var packed = Pack(model, architecture, precision);
        var random = new Random(3);
        int[][] sources = [.. new[] { 4, 11, 1, 30, 4, 9, 9 }.Select(length => TinyModels.Tokens(random, length))];
        int[] tokens = [SpecialTokens.Begin, .. TinyModels.Tokens(random, 8)];
        float[][][] together = Decode(packed, sources, tokens);
        for (int row = 0; row < sources.Length; row++)
        {
            float[][] alone = Decode(packed, [sources[row]], tokens)[0];
            for (int step = 0; step < tokens.Length; step++)
                CollectionAssert.AreEqual(alone[step], together[row][step], $"{name}, row {row}, step {step}");
        }
    }

    [TestMethod]
    [DataRow(InferencePrecision.BFloat16, 0.05)]
    [DataRow(InferencePrecision.Int8, 0.15)]
    public void CoarserWeightsGiveNearlyTheSameLogits(InferencePrecision precision, double tolerance)
    {
        var architecture = TinyModels.Architecture(a => (a.ModelDimension, a.FeedForwardDimension) = (64, 128));
        using var model = TinyModels.Create(architecture, Vocabulary);
        int[] tokens = [SpecialTokens.Begin, 5, 6, 7];
        float[][] exact = Decode(Pack(model, architecture, InferencePrecision.Float32), [[4, 5, 6, 7, 8]], tokens)[0];
        float[][] coarse = Decode(Pack(model, architecture, precision), [[4, 5, 6, 7, 8]], tokens)[0];
        double spread = exact.SelectMany(row => row).Max() - exact.SelectMany(row => row).Min();
        double largest = exact.Zip(coarse, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max();
        Assert.IsLessThan(tolerance * spread, largest);
        Assert.IsGreaterThan(0, largest, "nothing was rounded");
    }

    [TestMethod]
    public void MemoryThatWasUsedBeforeChangesNothing()
    {
        var architecture = TinyModels.Architecture();
        using var model = TinyModels.Create(architecture, Vocabulary);
        var packed = Pack(model, architecture, InferencePrecision.Float32);
        var random = new Random(5);
        int[] tokens = [SpecialTokens.Begin, 5, 6];
        float[][] first = Decode(packed, [[4, 5, 6]], tokens)[0];
        Decode(packed, [.. Enumerable.Range(1, 40).Select(length => TinyModels.Tokens(random, length))], [.. TinyModels.Tokens(random, 40)]);
        float[][] again = Decode(packed, [[4, 5, 6]], tokens)[0];
        for (int step = 0; step < tokens.Length; step++)
            CollectionAssert.AreEqual(first[step], again[step]);
    }

    [TestMethod]
    public void ManyThreadsDecodeWithOneModel()
    {
        var architecture = TinyModels.Architecture(a => a.PositionalEncoding = PositionalEncodingKind.Alibi);
        using var model = TinyModels.Create(architecture, Vocabulary);
        var packed = Pack(model, architecture, InferencePrecision.Int8);
        int[] tokens = [SpecialTokens.Begin, 5, 6, 9, 10];
        int[][] sources = [.. Enumerable.Range(0, 40).Select(seed => TinyModels.Tokens(new Random(seed), 1 + seed * 3))];
        float[][][] alone = [.. sources.Select(source => Decode(packed, [source], tokens)[0])];
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            float[][] logits = Decode(packed, [sources[i % sources.Length]], tokens)[0];
            for (int step = 0; step < tokens.Length; step++)
                CollectionAssert.AreEqual(alone[i % sources.Length][step], logits[step]);
        });
    }

    [TestMethod]
    [DataRow(128, InferencePrecision.Float32)] // hypotheses are dealt out
    [DataRow(128, InferencePrecision.BFloat16)]
    [DataRow(128, InferencePrecision.Int8)]
    [DataRow(512, InferencePrecision.Float32)] // products are shared
    [DataRow(512, InferencePrecision.BFloat16)]
    [DataRow(512, InferencePrecision.Int8)]
    public void ThreadsThatShareAStepGiveTheSameBits(int dimension, InferencePrecision precision)
    {
        var architecture = TinyModels.Architecture(a => (a.ModelDimension, a.FeedForwardDimension, a.PositionalEncoding) =
            (dimension, 4 * dimension, PositionalEncodingKind.Rotary));
        using var scope = torch.NewDisposeScope();
        using var model = TinyModels.Create(architecture, vocabulary: 5000);
        var packed = Pack(model, architecture, precision);
        var random = new Random(3);
        using var batch = SourceBatch.Create([TinyModels.Tokens(random, 30), TinyModels.Tokens(random, 4), TinyModels.Tokens(random, 12)], torch.CPU);
        var options = new DecodingOptions { BeamSize = 3, MinLength = 8, MaxLength = 12, OutputAlignment = true, NumberOfHypotheses = 3 };

        var alone = Search.Run(packed, batch, options, threads: 1);
        foreach (int threads in new[] { 2, 3, 20 })
        {
            var shared = Search.Run(packed, batch, options, threads: threads);
            for (int row = 0; row < alone.Length; row++)
                for (int k = 0; k < alone[row].Count; k++)
                {
                    CollectionAssert.AreEqual(alone[row][k].Tokens, shared[row][k].Tokens);
                    CollectionAssert.AreEqual(alone[row][k].TokenScores, shared[row][k].TokenScores);
                    for (int t = 0; t < alone[row][k].Attention!.Length; t++)
                        CollectionAssert.AreEqual(alone[row][k].Attention![t], shared[row][k].Attention![t]);
                }
        }
    }

    [TestMethod]
    [DataRow(-1)]
    [DataRow(Vocabulary)]
    public void AnIdThatTheVocabularyLacksIsRefused(int id)
    {
        using var model = TinyModels.Create(TinyModels.Architecture(), Vocabulary);
        var packed = Pack(model, TinyModels.Architecture(), InferencePrecision.Int8);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Decode(packed, [[4, id]], [5])).Message, $"{id}", StringComparison.Ordinal);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Decode(packed, [[4, 5]], [id])).Message, $"{id}", StringComparison.Ordinal);
    }

    private static PackedTransformer Pack(TransformerModel model, TransformerArchitecture architecture, InferencePrecision precision) =>
        new(architecture, StoredWeights.Of(model, precision));

    /// <summary>[source][step] logits when every source is given the same target.</summary>
    private static float[][][] Decode(PackedTransformer model, int[][] sources, int[] target)
    {
        using var batch = SourceBatch.Create(sources, torch.CPU);
        var state = model.Start(batch, Team.Alone);
        var logits = Array.ConvertAll(sources, _ => new float[target.Length][]);
        for (int step = 0; step < target.Length; step++)
        {
            (var output, state) = model.Step(state, [.. Enumerable.Repeat(target[step], sources.Length)]);
            for (int row = 0; row < sources.Length; row++)
                logits[row][step] = output.Logits(row).ToArray();
        }
        state.Dispose();
        return logits;
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.AreEqual(expected.Length, actual.Length, what);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], tolerance * Math.Max(1, Math.Abs(expected[i])), $"{what}, {i}");
    }
}
