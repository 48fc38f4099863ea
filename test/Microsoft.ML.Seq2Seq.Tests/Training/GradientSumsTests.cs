using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class GradientSumsTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(37)]
    [DataRow(3_000_001)]
    public void TheNormIsThatOfFloat64(int count)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2, CPU);
        var gradients = randn(count, generator: generator);
        double expected = gradients.to(ScalarType.Float64).norm().item<double>();
        Assert.AreEqual(expected, GradientSums.Norm(gradients), 1e-6 * expected);
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    public void TheNormOfWhatIsNotFiniteIsNotEither(float number)
    {
        using var scope = NewDisposeScope();
        var gradients = ones(100_000);
        gradients[99_999] = number;
        Assert.IsFalse(double.IsFinite(GradientSums.Norm(gradients)));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(37)]
    [DataRow(100_001)]
    public void WhatIsTakenIsAddedAndCleared(int count)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2, CPU);
        Tensor sum = randn(count, generator: generator), other = randn(count, generator: generator);
        var expected = sum.add(other);
        GradientSums.Take(sum, other);
        Assert.IsTrue(expected.equal(sum).all().item<bool>());
        Assert.AreEqual(0, other.count_nonzero().item<long>());
    }
}
