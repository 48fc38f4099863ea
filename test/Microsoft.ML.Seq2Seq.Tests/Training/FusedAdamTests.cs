using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class FusedAdamTests
{
    [TestMethod]
    [DataRow(OptimizerKind.Adam, 0.0)]
    [DataRow(OptimizerKind.Adam, 0.1)]
    [DataRow(OptimizerKind.AdamW, 0.0)]
    [DataRow(OptimizerKind.AdamW, 0.1)]
    public void TwentyStepsEqualLibtorchs(OptimizerKind kind, double decay)
    {
        using var scope = NewDisposeScope();
        using var ours = new BigramModel();
        using var theirs = new BigramModel();
        var options = new TrainingOptions { Optimizer = kind, WeightDecay = decay, Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-7 };
        using var flat = new FlatParameters(ours);
        using var adam = new FusedAdam(flat, options);
        var weights = theirs.parameters().ToArray();
        using var reference = kind == OptimizerKind.AdamW
            ? (optim.Optimizer)optim.AdamW(weights, 0.01, options.Beta1, options.Beta2, options.Epsilon, decay)
            : optim.Adam(weights, 0.01, options.Beta1, options.Beta2, options.Epsilon, decay);
        using var generator = new Generator(3, CPU);
        for (int step = 1; step <= 20; step++)
        {
            // Sizes from tiny to large, and a rate that moves, as a schedule's does.
            double rate = 0.01 / step;
            var gradient = randn(flat.Gradients.shape, generator: generator).mul_(Math.Pow(10, (step % 5) - 3));
            flat.Gradients.copy_(gradient);
            long start = 0;
            foreach (var weight in weights)
            {
                weight.grad = gradient.narrow(0, start, weight.numel()).view(weight.shape).clone();
                start += weight.numel();
            }
            foreach (var group in reference.ParamGroups)
                group.LearningRate = rate;
            adam.Step(rate);
            reference.step();
            TinyModels.AssertClose(Runs.Weights(theirs), Runs.Weights(ours), 1e-6, $"step {step}");
        }
    }

    [TestMethod]
    public void ClippingScalesLongGradientsAndLeavesShortOnes()
    {
        using var scope = NewDisposeScope();
        using var model = new BigramModel();
        using var flat = new FlatParameters(model);
        var gradient = zeros_like(flat.Gradients);
        gradient[0] = 3;
        gradient[1] = 4;
        foreach (var (limit, norm) in new[] { (0.0, 5.0), (5.5, 5.0), (2.0, 2.0) })
        {
            flat.Gradients.copy_(gradient);
            Assert.AreEqual(5, flat.ClipGradients(limit), 1e-6);
            TinyModels.AssertClose(gradient.mul(norm / 5), flat.Gradients, 1e-6, $"limit {limit}");
        }
    }
}
