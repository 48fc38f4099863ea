using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>The network in training, where rectifier and dropout are one function in the place of the first layer's output, against
/// libtorch's operations and a mask.</summary>
[TestClass]
public sealed class FeedForwardTests
{
    private const int Rows = 40, Inner = 96;
    private const double Dropped = 0.3;

    [TestMethod]
    [DataRow(ScalarType.Float32, 1e-5)]
    [DataRow(ScalarType.BFloat16, 0.02)]
    public void ValuesAndGradientsAreThoseOfAMask(ScalarType precision, double tolerance)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        var architecture = TinyModels.Architecture(a => (a.FeedForwardDimension, a.ActivationDropout) = (Inner, Dropped));
        using var network = new FeedForward(generator, architecture);
        using var parameters = new FlatParameters(network);
        var x = randn([Rows, architecture.ModelDimension], generator: generator);
        var seed = randn([Rows, architecture.ModelDimension], generator: generator);

        var leaves = network.parameters().Select(parameter => parameter.detach().clone().requires_grad_(true)).ToArray();
        var input = x.clone().requires_grad_(true);
        var mask = new Dropout(9).Apply(ones(Rows, Inner), Dropped);
        var expected = nn.functional.linear(nn.functional.linear(input, leaves[0], leaves[1]).relu().mul(mask), leaves[2], leaves[3]);
        expected.backward([seed]);

        var mine = x.clone().requires_grad_(true);
        var rounded = precision == ScalarType.Float32 ? null : parameters.Values.to(precision);
        var actual = network.Forward(mine, new TrainingPass(new Dropout(9), precision, rounded: rounded));
        actual.backward([seed.to(precision)]);

        AssertClose(expected, actual);
        AssertClose(input.grad!, mine.grad!);
        AssertClose(cat([.. leaves.Select(leaf => leaf.grad!.view(-1))]), parameters.Gradients);

        void AssertClose(Tensor a, Tensor b) =>
            Assert.IsLessThan(tolerance * a.norm().item<float>(), a.sub(b.to(ScalarType.Float32)).norm().item<float>());
    }
}
