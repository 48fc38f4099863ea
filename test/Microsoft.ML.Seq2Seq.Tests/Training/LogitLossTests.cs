using Microsoft.ML.Seq2Seq.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

/// <summary>The loss of rows of logits against libtorch's cross-entropy and its derivative by autograd.</summary>
[TestClass]
public sealed class LogitLossTests
{
    [TestMethod]
    [DataRow(1, 3, 0.1, false)]
    [DataRow(7, 100, 0.0, false)]
    [DataRow(33, 1025, 0.1, false)]
    [DataRow(1, 3, 0.1, true)]
    [DataRow(33, 1025, 0.1, true)]
    [DataRow(5, 4096, 0.2, true)]
    public void LossAndGradientAreThoseOfCrossEntropy(int rows, int vocabulary, double smoothing, bool isReduced)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5, CPU);
        const double scale = 0.25;
        using Scalar spread = 4f;
        var logits = randn([rows, vocabulary], generator: generator).mul(spread).to(isReduced ? ScalarType.BFloat16 : ScalarType.Float32);
        long[] targets = [.. Enumerable.Range(0, rows).Select(row => (long)(row * 7919 % vocabulary))];
        var leaf = logits.to(ScalarType.Float64).requires_grad_(true);
        var expected = nn.functional.cross_entropy(leaf, tensor(targets), label_smoothing: smoothing, reduction: nn.Reduction.Sum);
        expected.backward();
        double likelihood = nn.functional.cross_entropy(leaf.detach(), tensor(targets), reduction: nn.Reduction.Sum).item<double>();

        var untouched = logits.clone();
        var alone = LogitLoss.Replace(untouched, targets, smoothing, scale: null);
        var (smoothed, unsmoothed) = LogitLoss.Replace(logits, targets, smoothing, scale);

        Assert.AreEqual(expected.item<double>(), smoothed, 1e-5 * expected.item<double>());
        Assert.AreEqual(likelihood, unsmoothed, 1e-5 * likelihood);
        Assert.AreEqual((smoothed, unsmoothed), alone);
        using Scalar factor = scale;
        var gradient = leaf.grad!.mul(factor);
        double worst = logits.to(ScalarType.Float64).sub(gradient).abs().max().item<double>();
        Assert.IsLessThan(isReduced ? 1.0 / 256 * scale : 1e-6, worst);
    }

    [TestMethod]
    public void LogitsThatAreNotNumbersGiveALossThatIsNone()
    {
        using var logits = tensor([1f, float.NaN, 2f, 0f, 1f, 2f], [2, 3]);
        Assert.IsTrue(double.IsNaN(LogitLoss.Replace(logits, [0, 1], 0.1, 1).Smoothed));
    }
}
