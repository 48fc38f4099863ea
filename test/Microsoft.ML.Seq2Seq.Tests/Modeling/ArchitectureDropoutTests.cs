using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Each kind of dropout reaches the place that it is for.</summary>
[TestClass]
public sealed class ArchitectureDropoutTests
{
    public static IEnumerable<object[]> Activations => Enum.GetValues<ActivationKind>().Select(activation => new object[] { activation });

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void AttentionDropoutDropsShares(bool byTokens)
    {
        using var scope = NewDisposeScope();
        var architecture = TinyModels.Architecture(a => a.AttentionDropout = 0.5);
        Assert.IsTrue(Differ(architecture, TinyModels.Architecture(), byTokens));
    }

    [TestMethod]
    [DynamicData(nameof(Activations))]
    public void ActivationDropoutDropsWithEveryActivation(ActivationKind activation)
    {
        using var scope = NewDisposeScope();
        var architecture = TinyModels.Architecture(a => (a.ActivationDropout, a.Activation) = (0.5, activation));
        Assert.IsTrue(Differ(architecture, TinyModels.Architecture(a => a.Activation = activation), byTokens: false));
    }

    [TestMethod]
    public void WithoutDropoutTrainingComputesWhatPredictionDoes()
    {
        using var scope = NewDisposeScope();
        Assert.IsFalse(Differ(TinyModels.Architecture(), TinyModels.Architecture(), byTokens: true));
    }

    /// <summary>Whether an architecture in training computes anything else than another at prediction, from the same weights.</summary>
    private static bool Differ(TransformerArchitecture architecture, TransformerArchitecture other, bool byTokens)
    {
        using var model = TinyModels.Create(architecture);
        using var reference = TinyModels.Create(other);
        using var batch = TinyModels.Batch(([4, 5, 6, 7], [5, 6, 7]), ([8, 9], [4]));
        using var noGrad = no_grad();
        var expected = reference.Forward(batch, training: null);
        var actual = model.Forward(batch, new TrainingPass(new Dropout(5)) { AttendsByTokens = byTokens });
        var isToken = batch.TargetInput.ne(0).unsqueeze(-1); // padding is zeros in one and anything in the other
        return actual.sub(expected).mul(isToken.to(ScalarType.Float32)).abs().max().item<float>() > 1e-4;
    }
}
