using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Attention in blocks or from tokens to tokens, and gradient checkpointing, change memory and speed, not results.</summary>
[TestClass]
public sealed class LongSequenceTests
{
    private static readonly LongAttention _always = new(Longest: 0, Scores: 100); // a few queries a block
    private static readonly LongAttention _never = new(Longest: int.MaxValue);

    public static IEnumerable<object[]> Architectures =>
        from positions in Enum.GetValues<PositionalEncodingKind>()
        from window in new int?[] { null, 3 }
        from groups in new int?[] { null, 2 }
        select new object[] { positions, window!, groups! };

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void BlocksGiveTheSameOutputAndGradients(PositionalEncodingKind positions, int? window, int? groups)
    {
        using var scope = NewDisposeScope();
        var architecture = TinyModels.Architecture(a => (a.PositionalEncoding, a.AttentionWindow, a.KeyValueHeads) = (positions, window, groups));
        var (expected, expectedGradients) = Pass(architecture, _never, byTokens: false);
        var (actual, gradients) = Pass(architecture, _always, byTokens: false);
        TinyModels.AssertClose(expected, actual, 1e-5, "output");
        TinyModels.AssertClose(expectedGradients, gradients, 1e-4 * expectedGradients.abs().max().item<float>(), "gradients");
        TinyModels.AssertClose(Predict(architecture, _never), Predict(architecture, _always), 1e-5, "prediction");
    }

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void AttentionOfTokensGivesTheSameOutputAndGradients(PositionalEncodingKind positions, int? window, int? groups)
    {
        using var scope = NewDisposeScope();
        var architecture = TinyModels.Architecture(a => (a.PositionalEncoding, a.AttentionWindow, a.KeyValueHeads) = (positions, window, groups));
        var (expected, expectedGradients) = Pass(architecture, _never, byTokens: false);
        foreach (bool recomputes in new[] { false, true })
        {
            var (actual, gradients) = Pass(architecture, _never, recomputes, byTokens: true);
            TinyModels.AssertClose(expected, actual, 1e-5, "output");
            TinyModels.AssertClose(expectedGradients, gradients, 1e-4 * expectedGradients.abs().max().item<float>(), "gradients");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void RowsOfZerosChangeNothing(PositionalEncodingKind positions, int? window, int? groups)
    {
        using var scope = NewDisposeScope();
        var architecture = TinyModels.Architecture(a => (a.PositionalEncoding, a.AttentionWindow, a.KeyValueHeads) = (positions, window, groups));
        var (expected, expectedGradients) = Pass(architecture, _never, byTokens: false);
        foreach (var (when, byTokens) in new[] { (_never, false), (_always, false), (_never, true) })
            foreach (bool recomputes in new[] { false, true })
                AssertSame(when, byTokens, recomputes);

        void AssertSame(LongAttention when, bool byTokens, bool recomputes)
        {
            var (actual, gradients) = Pass(architecture, when, recomputes, roundsRows: true, byTokens);
            TinyModels.AssertClose(expected, actual, 1e-5, "output");
            TinyModels.AssertClose(expectedGradients, gradients, 1e-4 * expectedGradients.abs().max().item<float>(), "gradients");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void CheckpointingGivesTheSameGradientsWithDropout(PositionalEncodingKind positions, int? window, int? groups)
    {
        using var scope = NewDisposeScope();
        var architecture = TinyModels.Architecture(a =>
        {
            (a.PositionalEncoding, a.AttentionWindow, a.KeyValueHeads) = (positions, window, groups);
            a.Dropout = a.AttentionDropout = a.ActivationDropout = 0.2;
        });
        foreach (var (when, byTokens) in new[] { (_never, false), (_always, false), (_never, true) })
        {
            var (expected, expectedGradients) = Pass(architecture, when, byTokens: byTokens);
            var (actual, gradients) = Pass(architecture, when, recomputes: true, byTokens: byTokens);
            Assert.IsTrue(expected.eq(actual).all().item<bool>(), "output");
            TinyModels.AssertClose(expectedGradients, gradients, 1e-6 * expectedGradients.abs().max().item<float>(), "gradients");
        }
    }

    [TestMethod]
    [DataRow(NormPlacement.Post, 0)]
    [DataRow(NormPlacement.Pre, 0)]
    [DataRow(NormPlacement.Post, 2)]
    public void CheckpointingWorksForEveryNormPlacementAndWithoutAnEncoder(NormPlacement placement, int encoderLayers)
    {
        using var scope = NewDisposeScope();
        var architecture = TinyModels.Architecture(a => (a.NormPlacement, a.EncoderLayers, a.Dropout) = (placement, encoderLayers, 0.1));
        var (_, expected) = Pass(architecture, _never);
        TinyModels.AssertClose(expected, Pass(architecture, _never, recomputes: true).Gradients, 1e-6 * expected.abs().max().item<float>());
        TinyModels.AssertClose(expected, Pass(architecture, _always, byTokens: false).Gradients, 1e-4 * expected.abs().max().item<float>());
    }

    [TestMethod]
    public void ACheckpointedRunEndsWithTheSameWeights()
    {
        using var scope = NewDisposeScope();
        Tensor Train(bool checkpointing)
        {
            using var model = TinyModels.Create(TinyModels.Architecture(a => a.Dropout = a.AttentionDropout = 0.1));
            Tests.Training.Runs.Train(model, Tests.Training.Runs.RandomPairs(40, seed: 4), null,
                new TrainingOptions { TokensPerBatch = 64, MaxSteps = 20, MaxEpochs = 10, GradientCheckpointing = checkpointing, Threads = 2 });
            return Tests.Training.Runs.Weights(model);
        }

        Assert.IsTrue(Train(false).eq(Train(true)).all().item<bool>());
    }

    [TestMethod]
    public void PaddingBeyondTheWindowChangesNothing()
    {
        using var scope = NewDisposeScope();
        var random = new Random(1);
        int[] source = TinyModels.Tokens(random, 4), target = TinyModels.Tokens(random, 3);
        using var alone = TinyModels.Batch((source, target));
        using var padded = TinyModels.Batch((source, target), (TinyModels.Tokens(random, 30), TinyModels.Tokens(random, 25)));
        foreach (var when in new[] { _never, _always })
        {
            using var model = TinyModels.Create(TinyModels.Architecture(a => a.AttentionWindow = 2), when: when);
            using var batched = TinyModels.Logits(model, padded);
            Assert.IsTrue(batched.isfinite().all().item<bool>());
            TinyModels.AssertClose(TinyModels.Logits(model, alone), batched.narrow(0, 0, 1).narrow(1, 0, 4), 1e-5);
        }
    }

    [TestMethod]
    public void BlocksCoverEveryQueryOnceAndEveryKeyInReach()
    {
        foreach (var (queries, keys, window, isCausal) in new (int, int, int?, bool)[]
        {
            (17, 17, null, false), (17, 17, null, true), (40, 40, 3, false), (40, 40, 3, true), (5, 30, null, false), (1, 1, null, true),
        })
        {
            var bias = new AttentionBias(queries, keys, null, _always, CPU, null, window, isCausal);
            int next = 0;
            foreach (var block in bias.Blocks(2))
            {
                Assert.AreEqual(next, block.Query);
                next += block.Queries;
                for (int query = block.Query; query < next; query++)
                    for (int key = 0; key < keys; key++)
                        if ((!isCausal || key <= query) && Math.Abs(key - query) <= (window ?? int.MaxValue))
                            Assert.IsTrue(key >= block.Key && key < block.Key + block.Keys, $"{query} sees {key}");
                if (window is { } reach)
                    Assert.IsLessThanOrEqualTo(block.Queries + 2 * reach, block.Keys, "no key far out of reach");
            }
            Assert.AreEqual(queries, next);
        }
    }

    private static (Tensor Output, Tensor Gradients) Pass(TransformerArchitecture architecture, LongAttention when, bool recomputes = false, bool roundsRows = false, bool? byTokens = null)
    {
        using var model = TinyModels.Create(architecture, when: when);
        using var parameters = new FlatParameters(model);
        using var batch = Batch();
        var dropout = new Dropout(5);
        var training = new TrainingPass(dropout, recomputes: recomputes) { RoundsRows = roundsRows, AttendsByTokens = byTokens };
        Assert.AreEqual(roundsRows, new TokenRows(batch.SourceLengths, batch.Source.shape[1], CPU, training).Count > batch.SourceLengths.Sum());
        using var scope = NewDisposeScope();
        var output = model.Forward(batch, training);
        ulong drawn = dropout.Drawn;
        using var generator = new Generator(3, CPU);
        training.Backward(output, randn(output.shape, generator: generator));
        Assert.AreEqual(drawn, dropout.Drawn, "the next batch gets the next masks");
        return (output.detach().clone().MoveToOuterDisposeScope(), parameters.Gradients.clone().MoveToOuterDisposeScope());
    }

    private static Tensor Predict(TransformerArchitecture architecture, LongAttention when)
    {
        using var model = TinyModels.Create(architecture, when: when);
        using var batch = Batch();
        return TinyModels.Logits(model, batch);
    }

    private static Batch Batch()
    {
        var random = new Random(2);
        int[] Row(int length) => TinyModels.Tokens(random, length);
        return TinyModels.Batch((Row(23), Row(19)), (Row(11), Row(25)), (Row(1), Row(2)));
    }
}
