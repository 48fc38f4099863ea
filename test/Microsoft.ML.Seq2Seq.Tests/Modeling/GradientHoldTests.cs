using System.Runtime.InteropServices;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Tests.Training;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>An exception that left a function of ours for autograd would end the process.</summary>
[TestClass]
public sealed class GradientHoldTests
{
    private static readonly EncodedPairs _pairs = Runs.RandomPairs(12, seed: 4);

    public static IEnumerable<object[]> Passes =>
        from positions in new[] { PositionalEncodingKind.Sinusoidal, PositionalEncodingKind.Relative }
        from byTokens in new[] { true, false }
        from recomputes in new[] { true, false }
        select new object[] { positions, byTokens, recomputes };

    /// <summary>Functions of every kind come after the one that fails: the passes of earlier layers.</summary>
    [TestMethod]
    [DynamicData(nameof(Passes))]
    public void AFailureWithinABackwardPassIsThrownByIt(PositionalEncodingKind positions, bool byTokens, bool recomputes)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Create(TinyModels.Architecture(a =>
        {
            a.PositionalEncoding = positions;
            a.Dropout = a.AttentionDropout = a.ActivationDropout = 0.2;
        }));
        using var flat = new FlatParameters(model);
        var weight = model.named_parameters().Last(named => named.name.Contains("feed_forward.output.weight", StringComparison.Ordinal)).parameter;
        var gradient = weight.grad!;
        Backward(flat);
        var expected = flat.Gradients.clone();

        weight.grad = zeros_like(weight, ScalarType.Float64); // nothing can be added to it
        Assert.ThrowsExactly<ExternalException>(() => Backward(flat));

        weight.grad = gradient;
        Backward(flat);
        TinyModels.AssertClose(expected, flat.Gradients, 0, "a failure leaves nothing behind");

        void Backward(FlatParameters parameters)
        {
            parameters.ClearGradients();
            using var batch = Batch.Create(_pairs, [.. Enumerable.Range(0, _pairs.Count)], CPU);
            var pass = new TrainingPass(new Dropout(5), recomputes: recomputes) { AttendsByTokens = byTokens };
            var output = model.Forward(batch, pass);
            pass.Backward(output, ones_like(output));
        }
    }
}
