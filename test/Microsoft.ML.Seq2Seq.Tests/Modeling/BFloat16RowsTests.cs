using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Conversions of our own against libtorch's.</summary>
[TestClass]
public sealed unsafe class BFloat16RowsTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(31)]
    [DataRow(97)]
    public void NumbersAreRoundedAndWidenedAsByLibtorch(int count)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6, CPU);
        var numbers = randn(count, generator: generator);
        var expected = numbers.to(ScalarType.BFloat16).to(ScalarType.Float32).data<float>().ToArray();
        ushort[] rounded = new ushort[count];
        float[] widened = new float[count];
        fixed (ushort* values = rounded)
        {
            BFloat16Rows.Round(numbers.data<float>().ToArray(), values);
            BFloat16Rows.Widen(values, widened);
        }
        CollectionAssert.AreEqual(expected, widened);
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(5, 31)]
    [DataRow(70, 101)]
    public void RoundedRowsAreAddedAsTheyAre(int rows, int width)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6, CPU);
        var sum = randn([rows, width], generator: generator);
        var rounded = randn([rows, width], generator: generator).to(ScalarType.BFloat16);
        var expected = sum.add(rounded.to(ScalarType.Float32));
        BFloat16Rows.AddTo(sum, rounded);
        Assert.IsTrue(expected.equal(sum).all().item<bool>());
    }
}
