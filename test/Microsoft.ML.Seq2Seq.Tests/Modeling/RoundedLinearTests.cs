using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Against libtorch's linear layer with weights rounded by autograd.</summary>
[TestClass]
public sealed class RoundedLinearTests
{
    [TestMethod]
    [DataRow(64, 96, 2)]
    [DataRow(5, 3, 2)]
    [DataRow(64, 96, 3)]
    public void ValuesAndGradientsAreThoseOfAutograd(int input, int output, int dimensions)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        long[] rows = dimensions == 2 ? [60] : [3, 20];
        var x = randn([.. rows, input], generator: generator);
        using var weight = new Parameter(randn([output, input], generator: generator));
        using var bias = new Parameter(randn([output], generator: generator));
        var seed = randn([.. rows, output], generator: generator).to(ScalarType.BFloat16);

        var leaf = x.clone().requires_grad_(true);
        var expected = nn.functional.linear(leaf.to(ScalarType.BFloat16).view(60, input), weight.to(ScalarType.BFloat16), bias.to(ScalarType.BFloat16)).view([.. rows, output]);
        expected.backward([seed]);

        var hold = new GradientHold();
        // What is there already is added to.
        var layer = new RoundedLinear.Layer(weight.detach().to(ScalarType.BFloat16), bias.detach().to(ScalarType.BFloat16),
            ones(output, input), ones(output), hold);
        var mine = x.clone().requires_grad_(true);
        var actual = RoundedLinear.Apply(mine.to(ScalarType.BFloat16), layer);
        actual.relu_(); // work in place on the result has to be possible
        actual = RoundedLinear.Apply(mine.to(ScalarType.BFloat16), layer);
        actual.backward([seed]);
        hold.Release();

        AssertEqual(expected, actual, 1e-6);
        AssertEqual(leaf.grad!, mine.grad!, 1e-6);
        AssertEqual(weight.grad!, layer.WeightGradient.sub(ones(output, input)), 1e-6);
        AssertEqual(bias.grad!, layer.BiasGradient.sub(ones(output)), 1.0 / 128); // autograd rounds the sum
    }

    private static void AssertEqual(Tensor expected, Tensor actual, double tolerance)
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape);
        var (a, b) = (expected.to(ScalarType.Float64), actual.to(ScalarType.Float64));
        Assert.IsLessThan(tolerance * a.abs().max().item<double>(), a.sub(b).abs().max().item<double>());
    }
}
