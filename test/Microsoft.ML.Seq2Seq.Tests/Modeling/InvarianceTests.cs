using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Properties that hold for every architecture.</summary>
[TestClass]
public sealed class InvarianceTests
{
    private const double Tolerance = 2e-5;

    public static IEnumerable<object[]> Architectures()
    {
        yield return ["default", TinyModels.Architecture()];
        yield return ["post-norm", TinyModels.Architecture(a => a.NormPlacement = NormPlacement.Post)];
        yield return ["rms norm", TinyModels.Architecture(a => a.Normalization = NormalizationKind.RmsNorm)];
        foreach (var activation in Enum.GetValues<ActivationKind>())
            yield return [$"{activation}", TinyModels.Architecture(a => a.Activation = activation)];
        foreach (var positions in Enum.GetValues<PositionalEncodingKind>())
            yield return [$"{positions}", TinyModels.Architecture(a => a.PositionalEncoding = positions)];
        foreach (var sharing in Enum.GetValues<EmbeddingSharing>())
            yield return [$"share {sharing}", TinyModels.Architecture(a => a.ShareEmbeddings = sharing)];
        yield return ["grouped heads", TinyModels.Architecture(a => a.KeyValueHeads = 2)];
        yield return ["one key head", TinyModels.Architecture(a => a.KeyValueHeads = 1)];
        yield return ["window", TinyModels.Architecture(a => a.AttentionWindow = 2)];
        yield return ["window and rotary", TinyModels.Architecture(a =>
        {
            a.AttentionWindow = 2;
            a.PositionalEncoding = PositionalEncodingKind.Rotary;
        })];
        yield return ["no encoder", TinyModels.Architecture(a => a.EncoderLayers = 0)];
        yield return ["uneven depths", TinyModels.Architecture(a => a.DecoderLayers = 1)];
        foreach (var cell in Enum.GetValues<RecurrentCell>())
            foreach (var attention in Enum.GetValues<RecurrentAttention>())
                foreach (bool feeding in new[] { true, false })
                    yield return [$"{cell}, {attention}, {(feeding ? "with" : "without")} input feeding", TinyModels.Recurrent(
                        a => (a.Cell, a.Attention, a.InputFeeding) = (cell, attention, feeding))];
        foreach (var sharing in Enum.GetValues<EmbeddingSharing>())
            yield return [$"recurrent, share {sharing}", TinyModels.Recurrent(a => a.ShareEmbeddings = sharing)];
        yield return ["recurrent, uneven depths", TinyModels.Recurrent(a => (a.EncoderLayers, a.DecoderLayers) = (1, 3))];
    }

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void ATokenIsNotSeenBeforeItsTurn(string name, object architecture)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.CreateAny(architecture);
        int[] source = [4, 5, 6], target = [7, 8, 9, 10, 11];
        for (int changed = 0; changed < target.Length; changed++)
        {
            int[] other = [.. target];
            other[changed] = 12;
            using var batch = TinyModels.Batch((source, target), (source, other));
            var logits = TinyModels.Logits(model, batch);
            // The decoder reads token t at position t+1.
            TinyModels.AssertClose(logits[0].narrow(0, 0, changed + 1), logits[1].narrow(0, 0, changed + 1), Tolerance, name);
            Assert.IsGreaterThan(1e-3f, logits[0][changed + 1].sub(logits[1][changed + 1]).abs().max().item<float>(),
                $"{name}: token {changed} has no effect after its turn");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void PaddingAndNeighboursChangeNothing(string name, object architecture)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.CreateAny(architecture);
        var random = new Random(3);
        (int[], int[])[] rows = [.. new[] { (5, 4), (1, 1), (0, 2), (9, 7) }
            .Select(lengths => (TinyModels.Tokens(random, lengths.Item1), TinyModels.Tokens(random, lengths.Item2)))];
        using var together = TinyModels.Batch(rows);
        var all = TinyModels.Logits(model, together);
        for (int i = 0; i < rows.Length; i++)
        {
            using var alone = TinyModels.Batch(rows[i]);
            var one = TinyModels.Logits(model, alone)[0];
            TinyModels.AssertClose(one, all[i].narrow(0, 0, one.shape[0]), Tolerance, $"{name}, row {i}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void IncrementalDecodingEqualsFullDecoding(string name, object architecture)
    {
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var model = TinyModels.CreateAny(architecture);
        var random = new Random(4);
        // Long enough for the cache to grow.
        (int[], int[])[] rows = [(TinyModels.Tokens(random, 6), TinyModels.Tokens(random, 20)), (TinyModels.Tokens(random, 3), TinyModels.Tokens(random, 20))];
        using var batch = TinyModels.Batch(rows);
        var full = TinyModels.Logits(model, batch);
        using var source = SourceBatch.Create([rows[0].Item1, rows[1].Item1], torch.CPU);
        var state = model.Start(source);
        for (int t = 0; t < full.shape[1]; t++)
        {
            (var logits, state) = model.Step(state, batch.TargetInput.select(1, t));
            TinyModels.AssertClose(full.select(1, t), logits, Tolerance, $"{name}, position {t}");
        }
        state.Dispose();
    }

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void ReorderedHypothesesGoOnAsIfTheyHadAlwaysStoodThere(string name, object architecture)
    {
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var model = TinyModels.CreateAny(architecture);
        using var two = SourceBatch.Create([[4, 5, 6], [7, 8]], torch.CPU);
        var state = model.Start(two);
        (_, state) = model.Step(state, torch.tensor(new long[] { SpecialTokens.Begin, SpecialTokens.Begin }));
        // Three hypotheses of the second source alone.
        state = model.Reorder(state, torch.tensor(new long[] { 1, 1, 1 }), torch.tensor(new long[] { 1 }));
        (var logits, state) = model.Step(state, torch.tensor(new long[] { 9, 10, 11 }));
        state.Dispose();
        for (int i = 0; i < 3; i++)
        {
            using var batch = TinyModels.Batch(([7, 8], [9 + i]));
            TinyModels.AssertClose(TinyModels.Logits(model, batch)[0][1], logits[i], Tolerance, name);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void AnEmptySourceGivesFiniteLogits(string name, object architecture)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.CreateAny(architecture);
        using var batch = TinyModels.Batch(([], [4, 5]), ([6, 7], [4]));
        Assert.IsTrue(TinyModels.Logits(model, batch).isfinite().all().item<bool>(), name);
    }

    [TestMethod]
    public void ThePaperBasePresetHasThePapersParameterCount()
    {
        // Table 3 says 65 million for a vocabulary of about 37,000; its own matrices of that size add up to 63.1.
        using var baseModel = TinyModels.Create(TransformerArchitecture.Base, 37000);
        Assert.AreEqual(63.1e6, baseModel.parameters().Sum(parameter => parameter.numel()), 0.05e6);
    }
}
