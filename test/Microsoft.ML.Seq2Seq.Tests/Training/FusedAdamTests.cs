using Microsoft.ML.Seq2Seq.Modeling;
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

    /// <summary>Matrices decay; biases, gains and positions do not.</summary>
    [TestMethod]
    [DataRow(OptimizerKind.Adam, PositionalEncodingKind.Relative)]
    [DataRow(OptimizerKind.Adam, PositionalEncodingKind.Learned)]
    [DataRow(OptimizerKind.AdamW, PositionalEncodingKind.Relative)]
    [DataRow(OptimizerKind.AdamW, PositionalEncodingKind.Learned)]
    public void TwentyStepsWithDecayEqualThoseOfTwoGroupsOfLibtorchs(OptimizerKind kind, PositionalEncodingKind positions)
    {
        const double Decay = 0.1;
        using var scope = NewDisposeScope();
        using var ours = Model(positions);
        using var theirs = Model(positions);
        var options = new TrainingOptions { Optimizer = kind, WeightDecay = Decay, Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-7 };
        using var flat = new FlatParameters(ours);
        using var adam = new FusedAdam(flat, options);
        var weights = theirs.named_parameters().ToArray();
        // Two optimizers are two groups.
        using var decaying = Reference(weights.Where(weight => !StaysPut(weight.name)), Decay);
        using var others = Reference(weights.Where(weight => StaysPut(weight.name)), 0);
        using var generator = new Generator(3, CPU);
        for (int step = 1; step <= 20; step++)
        {
            double rate = 0.01 / step;
            var gradient = randn(flat.Gradients.shape, generator: generator).mul_(Math.Pow(10, (step % 5) - 3));
            flat.Gradients.copy_(gradient);
            long start = 0;
            foreach (var (_, weight) in weights)
            {
                weight.grad = gradient.narrow(0, start, weight.numel()).view(weight.shape).clone();
                start += weight.numel();
            }
            foreach (var group in decaying.ParamGroups.Concat(others.ParamGroups))
                group.LearningRate = rate;
            adam.Step(rate);
            decaying.step();
            others.step();
            TinyModels.AssertClose(Runs.Weights(theirs), Runs.Weights(ours), 1e-6, $"step {step}");
        }

        optim.Optimizer Reference(IEnumerable<(string, TorchSharp.Modules.Parameter Parameter)> group, double decay)
        {
            var parameters = group.Select(weight => weight.Parameter);
            return kind == OptimizerKind.AdamW
                ? optim.AdamW(parameters, 0.01, options.Beta1, options.Beta2, options.Epsilon, decay)
                : optim.Adam(parameters, 0.01, options.Beta1, options.Beta2, options.Epsilon, decay);
        }
    }

    [TestMethod]
    [DataRow(PositionalEncodingKind.Sinusoidal)]
    [DataRow(PositionalEncodingKind.Relative)]
    [DataRow(PositionalEncodingKind.Learned)]
    public void WithoutAGradientMatricesShrinkAndAllElseStays(PositionalEncodingKind positions)
    {
        const double Rate = 0.01, Decay = 0.1;
        using var scope = NewDisposeScope();
        using var model = Model(positions);
        var before = model.named_parameters().Select(weight => (weight.name, Values: weight.parameter.detach().clone())).ToArray();
        using var flat = new FlatParameters(model);
        using var adam = new FusedAdam(flat, new TrainingOptions { Optimizer = OptimizerKind.AdamW, WeightDecay = Decay });
        adam.Step(Rate);
        Assert.Contains(true, before.Select(weight => StaysPut(weight.name)));
        foreach (var ((name, old), (_, now)) in before.Zip(model.named_parameters()))
            Assert.IsTrue(now.eq(StaysPut(name) ? old : old.mul((float)(1 - (Rate * Decay)))).all().item<bool>(), name);
    }

    /// <summary>Every view of a neighbour is an argument of the kernel.</summary>
    [TestMethod]
    public void NeighboursOfAKindAreOneRange()
    {
        using var model = Model(PositionalEncodingKind.Learned);
        using var flat = new FlatParameters(model);
        long end = 0;
        foreach (var (range, next) in flat.Ranges.Zip(flat.Ranges.Skip(1).Append(default)))
        {
            Assert.AreEqual(end, range.Start);
            Assert.IsTrue(next == default || next.IsMatrix != range.IsMatrix, $"{range} and {next}");
            end += range.Length;
        }
        Assert.AreEqual(flat.Values.numel(), end);
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

    private static TransformerModel Model(PositionalEncodingKind positions) =>
        TinyModels.Create(TinyModels.Architecture(architecture => architecture.PositionalEncoding = positions));

    private static bool StaysPut(string name) =>
        name.EndsWith("bias", StringComparison.Ordinal) || name.EndsWith("table", StringComparison.Ordinal) || name.Contains("norm", StringComparison.Ordinal);
}
