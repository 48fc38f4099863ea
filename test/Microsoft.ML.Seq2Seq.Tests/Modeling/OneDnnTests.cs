using System.Runtime.InteropServices;
using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>oneDNN's products against libtorch's own.</summary>
[TestClass]
public sealed class OneDnnTests
{
    [TestInitialize]
    public void SkipWhereItIsNotUsed()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Inconclusive("oneDNN is called on Linux on x64 alone.");
    }

    [TestMethod]
    [DataRow(1, 128, 384)]
    [DataRow(50, 7, 3)]
    [DataRow(300, 128, 1000)]
    public void AProductIsThatOfLibtorch(int rows, int input, int output)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        var x = randn([rows, input], generator: generator);
        var weight = randn([output, input], generator: generator);
        var bias = randn([output], generator: generator);

        AssertEqual(nn.functional.linear(x, weight, bias), OneDnn.Linear(x, weight, bias));
        AssertEqual(nn.functional.linear(x, weight), OneDnn.Linear(x, weight));
        AssertEqual(nn.functional.linear(x, weight), OneDnn.Linear(x.t().contiguous().t(), weight.t().contiguous().t()));
        AssertEqual(nn.functional.linear(x, weight, bias), OneDnn.Linear(x, OneDnn.Pack(weight, rows), bias));
        AssertEqual(nn.functional.linear(x, weight), OneDnn.Linear(x, OneDnn.Pack(weight, rows + 40))); // packed for about so many
    }

    [TestMethod]
    [DataRow(1, 16)]
    [DataRow(64, 64)]
    [DataRow(65, 80)]
    [DataRow(1000, 1024)]
    [DataRow(1025, 1088)]
    [DataRow(2048, 2048)]
    [DataRow(4097, 4352)]
    public void RowsAreRoundedUpToOneOfFewNumbers(long rows, long expected) => Assert.AreEqual(expected, OneDnn.RoundUp(rows));

    private static void AssertEqual(Tensor expected, Tensor actual)
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape);
        float worst = expected.sub(actual).abs().max().item<float>(), size = expected.abs().max().item<float>();
        Assert.IsLessThan(1e-5f * size, worst);
    }
}
