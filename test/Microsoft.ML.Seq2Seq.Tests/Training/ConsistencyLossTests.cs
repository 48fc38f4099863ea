using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

/// <summary>The loss of two passes against libtorch's cross-entropy and KL divergence, and its derivative by autograd.</summary>
[TestClass]
public sealed class ConsistencyLossTests
{
    private const double Scale = 0.25;

    [TestMethod]
    [DataRow(1, 3, 0.1, 5.0, false)]
    [DataRow(7, 100, 0.0, 1.0, false)]
    [DataRow(33, 1025, 0.1, 5.0, false)]
    [DataRow(33, 1025, 0.1, 5.0, true)]
    [DataRow(5, 4096, 0.2, 2.0, true)]
    public void LossAndGradientAreThoseOfAutograd(int tokens, int vocabulary, double smoothing, double weight, bool isReduced)
    {
        using var scope = NewDisposeScope();
        var (logits, targets) = Case(tokens, vocabulary, isReduced);
        var (loss, likelihood, gradient) = Expected(logits, targets, smoothing, weight);

        var actual = ConsistencyLoss.Replace(logits, targets, smoothing, weight, Scale);

        Assert.AreEqual(loss, actual.Smoothed, 1e-5 * loss);
        Assert.AreEqual(likelihood, actual.Likelihood, 1e-5 * likelihood);
        AssertGradient(gradient, logits, weight, isReduced);
    }

    [TestMethod]
    [DataRow(7, 100, 0.1, 0.0, false)]
    [DataRow(7, 100, 0.1, 3.0, false)]
    [DataRow(33, 1025, 0.0, 5.0, true)]
    public void TheFormForAGpuIsTheSame(int tokens, int vocabulary, double smoothing, double weight, bool isReduced)
    {
        using var scope = NewDisposeScope();
        var (logits, targets) = Case(tokens, vocabulary, isReduced);
        if (weight == 0)
            logits = logits.narrow(0, 0, tokens);
        var (loss, likelihood, gradient) = Expected(logits, targets, smoothing, weight);
        var totals = zeros(2);
        var all = weight == 0 ? tensor(targets) : cat([tensor(targets), tensor(targets)]);

        var actual = TensorLoss.Gradient(logits, all, smoothing, weight, Scale, totals);

        Assert.AreEqual(loss, totals[0].item<float>(), 1e-5 * loss);
        Assert.AreEqual(likelihood, totals[1].item<float>(), 1e-5 * likelihood);
        AssertGradient(gradient, actual, weight, isReduced);
    }

    /// <summary>Through the model and in chunks: without dropout both passes are alike, so that loss and gradients are those of
    /// one pass; with dropout they are not.</summary>
    [TestMethod]
    [DataRow(TrainingPrecision.Float32, 1e-5)]
    [DataRow(TrainingPrecision.BFloat16, 0.02)]
    public void PassesThatAgreeGiveTheGradientOfOne(TrainingPrecision precision, double tolerance)
    {
        using var scope = NewDisposeScope();
        var pairs = Runs.RandomPairs(80, seed: 3); // more tokens than one chunk of the loss holds
        var (once, loss) = Gradients(0, dropout: 0);
        var (twice, lossTwice) = Gradients(4, dropout: 0);
        Assert.AreEqual(loss.Tokens, lossTwice.Tokens);
        Assert.AreEqual(loss.Smoothed, lossTwice.Smoothed, 1e-4 * loss.Smoothed);
        TinyModels.AssertClose(once, twice, tolerance);
        Assert.IsGreaterThan(1.05 * Gradients(0, dropout: 0.3).Loss.Smoothed, Gradients(4, dropout: 0.3).Loss.Smoothed);

        (Tensor Gradients, LossSum Loss) Gradients(double weight, double dropout)
        {
            using var model = TinyModels.Create(TinyModels.Architecture(a => a.Dropout = dropout));
            using var parameters = new FlatParameters(model);
            using var replicas = new Replicas(model, parameters, new TrainingOptions { ConsistencyWeight = weight, Precision = precision }, seed: 1);
            var sum = replicas.ForwardBackward(pairs, [.. Enumerable.Range(0, pairs.Count)], 1.0 / pairs.Count);
            return (parameters.Gradients.clone(), sum);
        }
    }

    [TestMethod]
    public void ItBeginsAfterItsStartStep()
    {
        using var scope = NewDisposeScope();
        var pairs = Runs.RandomPairs(30, seed: 3);
        var once = Weights(0, 0, 2);
        Assert.IsTrue(once.eq(Weights(4, start: 2, steps: 2)).all().item<bool>());
        Assert.IsFalse(once.eq(Weights(4, start: 1, steps: 2)).all().item<bool>());

        Tensor Weights(double weight, int start, int steps)
        {
            using var model = TinyModels.Create(TinyModels.Architecture(a => a.Dropout = 0.3));
            Runs.Train(model, pairs, null, new TrainingOptions { ConsistencyWeight = weight, ConsistencyStartStep = start, MaxSteps = steps });
            return Runs.Weights(model);
        }
    }

    /// <summary>Logits of two passes over the same tokens, which differ as under dropout.</summary>
    private static (Tensor Logits, long[] Targets) Case(int tokens, int vocabulary, bool isReduced)
    {
        using var generator = new Generator(5, CPU);
        using Scalar spread = 3f;
        var first = randn([tokens, vocabulary], generator: generator).mul(spread);
        var second = first.add(randn([tokens, vocabulary], generator: generator), alpha: 1);
        return (cat([first, second]).to(isReduced ? ScalarType.BFloat16 : ScalarType.Float32),
            [.. Enumerable.Range(0, tokens).Select(row => (long)(row * 7919 % vocabulary))]);
    }

    private static (double Loss, double Likelihood, Tensor Gradient) Expected(Tensor logits, long[] targets, double smoothing, double weight)
    {
        var leaf = logits.to(ScalarType.Float64).detach().requires_grad_(true);
        Tensor Entropy(Tensor rows, double epsilon) =>
            nn.functional.cross_entropy(rows, tensor(targets), label_smoothing: epsilon, reduction: nn.Reduction.Sum);
        if (weight == 0)
        {
            var loss = Entropy(leaf, smoothing);
            loss.backward();
            return (loss.item<double>(), Entropy(leaf, 0).item<double>(), leaf.grad!);
        }
        var first = leaf.narrow(0, 0, targets.Length);
        var second = leaf.narrow(0, targets.Length, targets.Length);
        Tensor p = first.log_softmax(1), q = second.log_softmax(1);
        using Scalar half = 0.5, quarter = weight / 4;
        var divergence = nn.functional.kl_div(p, q, log_target: true, reduction: nn.Reduction.Sum)
            + nn.functional.kl_div(q, p, log_target: true, reduction: nn.Reduction.Sum);
        var total = (Entropy(first, smoothing) + Entropy(second, smoothing)).mul(half) + divergence.mul(quarter);
        total.backward();
        return (total.item<double>(), (Entropy(first, 0) + Entropy(second, 0)).mul(half).item<double>(), leaf.grad!);
    }

    private static void AssertGradient(Tensor expected, Tensor actual, double weight, bool isReduced)
    {
        using Scalar scale = Scale;
        double worst = actual.to(ScalarType.Float64).sub(expected.mul(scale)).abs().max().item<double>();
        // bfloat16 keeps 8 bits of a gradient that is at most about 1 + α/2.
        Assert.IsLessThan(isReduced ? Scale * (1 + weight / 2) / 256 : 2e-6, worst);
    }
}
