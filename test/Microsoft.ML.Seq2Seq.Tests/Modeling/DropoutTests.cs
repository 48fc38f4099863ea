using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

[TestClass]
[DoNotParallelize] // one test changes libtorch's number of threads
public sealed class DropoutTests
{
    private const int Count = 1_000_003; // no multiple of anything

    [TestMethod]
    [DataRow(0.001)]
    [DataRow(0.1)]
    [DataRow(0.3)]
    [DataRow(0.5)]
    [DataRow(0.9)]
    public void RateAndScaleAreRight(double probability)
    {
        float[] values = Draw(new Dropout(7), Count, probability);
        double dropped = values.Count(value => value == 0) / (double)Count;
        double deviation = Math.Sqrt(probability * (1 - probability) / Count);
        Assert.AreEqual(probability, dropped, (5 * deviation) + (1 / 131072.0));
        var kept = values.Where(value => value != 0).Distinct().ToArray();
        Assert.HasCount(1, kept);
        Assert.AreEqual(1 / (1 - probability), kept[0], 2e-3 * kept[0]);
        // The expectation is one: no bias from rounding the probability.
        Assert.AreEqual(1, values.Average(value => (double)value), 5 * deviation / (1 - probability));
    }

    [TestMethod]
    public void NeighboursAreIndependent()
    {
        const double probability = 0.3;
        float[] values = Draw(new Dropout(7), Count, probability);
        // Lags within a vector, between vectors, and between chunks of a mask.
        foreach (int lag in new[] { 1, 2, 8, 16, 17, 32, 64, 1 << 16 })
        {
            int both = 0, pairs = Count - lag;
            for (int i = 0; i < pairs; i++)
                both += values[i] == 0 && values[i + lag] == 0 ? 1 : 0;
            Assert.AreEqual(probability * probability, both / (double)pairs, 0.003, $"lag {lag}");
        }
    }

    [TestMethod]
    public void MasksDependOnSeedAndOrderAlone()
    {
        var (first, second) = (new Dropout(7), new Dropout(7));
        float[] a1 = Draw(first, 1000, 0.5), a2 = Draw(first, 1000, 0.5);
        CollectionAssert.AreEqual(a1, Draw(second, 1000, 0.5));
        CollectionAssert.AreEqual(a2, Draw(second, 1000, 0.5));
        CollectionAssert.AreNotEqual(a1, a2);
        CollectionAssert.AreNotEqual(a1, Draw(new Dropout(8), 1000, 0.5));
        // The state is one number.
        CollectionAssert.AreEqual(a2, Draw(new Dropout(7) { Drawn = 1 }, 1000, 0.5));
    }

    [TestMethod]
    public void MasksDoNotDependOnTheNumberOfThreads()
    {
        int threads = get_num_threads();
        try
        {
            set_num_threads(1);
            float[] alone = Draw(new Dropout(7), Count, 0.3);
            set_num_threads(4);
            CollectionAssert.AreEqual(alone, Draw(new Dropout(7), Count, 0.3));
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [TestMethod]
    [DataRow(ScalarType.Float32)]
    [DataRow(ScalarType.BFloat16)]
    public void ValuesAndGradientsAreThoseOfAMask(ScalarType type)
    {
        const double probability = 0.3;
        const int count = 70_003; // more than a chunk, no multiple of anything
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        var mask = new Dropout(7).Apply(ones(count), probability);
        Tensor x = randn(count, generator: generator), y = randn(count, generator: generator).to(type), seed = randn(count, generator: generator).to(type);

        var leaf = y.clone().requires_grad_(true);
        var dropped = new Dropout(7).Apply(leaf, probability);
        dropped.backward([seed]);
        AssertEqual(y.to(ScalarType.Float32).mul(mask), dropped);
        AssertEqual(seed.to(ScalarType.Float32).mul(mask), leaf.grad!);

        var (first, second) = (x.clone().requires_grad_(true), y.clone().requires_grad_(true));
        var sum = new Dropout(7).Add(first, second, probability);
        Assert.AreEqual(ScalarType.Float32, sum.dtype);
        var ofSum = seed.to(ScalarType.Float32);
        sum.backward([ofSum]);
        TinyModels.AssertClose(x.add(y.to(ScalarType.Float32).mul(mask)), sum.detach(), 1e-6);
        TinyModels.AssertClose(ofSum, first.grad!, 0);
        AssertEqual(ofSum.mul(mask), second.grad!);

        leaf = y.clone().requires_grad_(true);
        var positive = new Dropout(7).Relu(leaf.add(0), probability);
        positive.backward([seed]);
        AssertEqual(y.to(ScalarType.Float32).relu().mul(mask), positive);
        AssertEqual(seed.to(ScalarType.Float32).mul(mask).mul(y.to(ScalarType.Float32).gt(0)), leaf.grad!);

        void AssertEqual(Tensor expected, Tensor actual)
        {
            Assert.AreEqual(type, actual.dtype);
            TinyModels.AssertClose(expected.to(type).to(ScalarType.Float32), actual.detach().to(ScalarType.Float32), 1e-6);
        }
    }

    [TestMethod]
    [DataRow(0L)]
    [DataRow(1L)]
    [DataRow(33L)]
    public void AnyNumberOfElementsWorks(long count) => Assert.AreEqual(count, Draw(new Dropout(7), count, 0.5).LongLength);

    [TestMethod]
    public void ProbabilityZeroKeepsTheTensorItself()
    {
        using var x = ones(4);
        Assert.AreSame(x, new Dropout(7).Apply(x, 0));
    }

    private static float[] Draw(Dropout dropout, long count, double probability)
    {
        using var scope = NewDisposeScope();
        return dropout.Apply(ones(count), probability).data<float>().ToArray();
    }
}
