using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class TrainingPrecisionTests
{
    private readonly EncodedPairs _pairs = Runs.RandomPairs(120, seed: 3);

    [TestMethod]
    [DataRow(NormPlacement.Pre, ActivationKind.Relu, false)]
    [DataRow(NormPlacement.Pre, ActivationKind.Relu, true)]
    [DataRow(NormPlacement.Post, ActivationKind.SwiGlu, false)]
    [DataRow(NormPlacement.Post, ActivationKind.SwiGlu, true)]
    public void BFloat16GradientsAreThoseOfFloat32ButForRounding(NormPlacement placement, ActivationKind activation, bool isRoundedBefore)
    {
        using var scope = NewDisposeScope();
        var (loss32, gradients32) = Gradients(ScalarType.Float32);
        var (loss16, gradients16) = Gradients(ScalarType.BFloat16);
        Assert.AreEqual(loss32, loss16, 0.01 * loss32);
        Assert.AreNotEqual(loss32, loss16);
        double error = gradients32.sub(gradients16).norm().item<float>() / gradients32.norm().item<float>();
        Assert.IsLessThan(0.02, error);

        (double, Tensor) Gradients(ScalarType precision)
        {
            using var model = TinyModels.Create(TinyModels.Architecture(a => (a.NormPlacement, a.Activation) = (placement, activation)));
            using var flat = new FlatParameters(model);
            using var batch = Batch.Create(_pairs, [.. Enumerable.Range(0, _pairs.Count)], CPU); // several chunks of the loss
            var rounded = isRoundedBefore && precision != ScalarType.Float32 ? flat.Values.to(precision) : null;
            var sum = CrossEntropy.ForwardBackward(
                model, batch, 0.1, 1.0 / batch.TargetTokens, new TrainingPass(new Dropout(1), precision, rounded: rounded));
            Assert.AreEqual(ScalarType.Float32, flat.Gradients.dtype);
            return (sum.Smoothed / sum.Tokens, flat.Gradients.clone());
        }
    }

    [TestMethod]
    public void ValidationIsThatOfTheFloat32Weights()
    {
        using var model = TinyModels.Create();
        double expected = 0;
        var run = Runs.Train(model, _pairs, _pairs, new TrainingOptions { MaxSteps = 3, Precision = TrainingPrecision.BFloat16 }, 1, null,
            new Watcher(onValidation: _ => expected = Runs.Loss(model, _pairs)));
        Assert.AreEqual(expected, run.ValidationLoss!.Value, 1e-5);
    }

    [TestMethod]
    public void AutoIsBFloat16WhereTheProcessorHasIt()
    {
        Assert.AreEqual(ScalarType.Float32, TrainingPrecisions.Resolve(TrainingPrecision.Float32, CPU));
        Assert.AreEqual(ScalarType.BFloat16, TrainingPrecisions.Resolve(TrainingPrecision.BFloat16, CPU));
        Assert.AreEqual(
            TrainingPrecisions.HasBFloat16 ? ScalarType.BFloat16 : ScalarType.Float32,
            TrainingPrecisions.Resolve(TrainingPrecision.Auto, CPU));
        // What the kernel says about the processor is an independent witness.
        if (OperatingSystem.IsLinux() && File.ReadAllText("/proc/cpuinfo") is var info && info.Contains("flags", StringComparison.Ordinal))
            Assert.AreEqual(
                info.Contains("avx512_bf16", StringComparison.Ordinal) || info.Contains("amx_bf16", StringComparison.Ordinal),
                TrainingPrecisions.HasBFloat16);
    }
}
