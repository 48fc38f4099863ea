using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Against libtorch's linear layer, where autograd rounds the weights.</summary>
[TestClass]
public sealed class LinearFunctionTests
{
    [TestMethod]
    [DataRow(64, 96, 60, 2, ScalarType.BFloat16)]
    [DataRow(5, 3, 60, 2, ScalarType.BFloat16)]
    [DataRow(64, 96, 60, 3, ScalarType.BFloat16)]
    [DataRow(128, 384, 60, 2, ScalarType.Float32)]
    [DataRow(5, 3, 60, 3, ScalarType.Float32)]
    [DataRow(384, 128, 900, 2, ScalarType.Float32)] // enough rows to put the weights in order for them
    public void ValuesAndGradientsAreThoseOfAutograd(int input, int output, int count, int dimensions, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        long[] rows = dimensions == 2 ? [count] : [3, count / 3];
        var x = randn([.. rows, input], generator: generator);
        using var weight = new Parameter(randn([output, input], generator: generator));
        using var bias = new Parameter(randn([output], generator: generator));
        var seed = randn([.. rows, output], generator: generator).to(type);

        var leaf = x.clone().requires_grad_(true);
        var expected = nn.functional.linear(leaf.to(type).view(count, input), weight.to(type), bias.to(type)).view([.. rows, output]);
        expected.backward([seed]);

        var hold = new GradientHold();
        // What is there already is added to.
        var layer = new LinearFunction.Layer(weight.detach().to(type), bias.detach().to(type), ones(output, input), ones(output), hold);
        var mine = x.clone().requires_grad_(true);
        var actual = LinearFunction.Apply(mine.to(type), layer);
        actual.relu_(); // work in place on the result has to be possible
        actual = LinearFunction.Apply(mine.to(type), layer);
        hold.Run(() => actual.backward([seed]));

        double tolerance = type == ScalarType.BFloat16 ? 1e-6 : 1e-5; // sums in another order
        AssertEqual(expected, actual, tolerance);
        AssertEqual(leaf.grad!, mine.grad!, tolerance);
        AssertEqual(weight.grad!, layer.WeightGradient.sub(ones(output, input)), tolerance);
        AssertEqual(bias.grad!, layer.BiasGradient.sub(ones(output)), type == ScalarType.BFloat16 ? 1.0 / 128 : tolerance); // autograd rounds the sum
    }

    private static void AssertEqual(Tensor expected, Tensor actual, double tolerance)
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape);
        var (a, b) = (expected.to(ScalarType.Float64), actual.to(ScalarType.Float64));
        Assert.IsLessThan(tolerance * a.abs().max().item<double>(), a.sub(b).abs().max().item<double>());
    }
}
