using Microsoft.ML.Seq2Seq.Tests.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
[DoNotParallelize] // counts the tensors of the process
public sealed class TensorLifetimeTests
{
    [TestMethod]
    [DataRow(PositionalEncodingKind.Sinusoidal)]
    [DataRow(PositionalEncodingKind.Learned)]
    [DataRow(PositionalEncodingKind.Rotary)]
    [DataRow(PositionalEncodingKind.Alibi)]
    [DataRow(PositionalEncodingKind.Relative)]
    public void LiveTensorsStayConstantOverTwoHundredSteps(PositionalEncodingKind positions)
    {
        using var model = TinyModels.Create(
            TinyModels.Architecture(a => (a.Dropout, a.AttentionDropout, a.PositionalEncoding) = (0.1, 0.1, positions)));
        Collect();
        long before = Tensor.TotalCount;
        var counts = new List<long>();
        Runs.Train(model, Runs.RandomPairs(60, seed: 4), Runs.RandomPairs(10, seed: 5),
            new TrainingOptions { TokensPerBatch = 64, MaxSteps = 200, MaxEpochs = 1000, ValidateEverySteps = 20 },
            1, null, new Watcher(onStep: _ => counts.Add(Tensor.TotalCount)));
        Assert.HasCount(200, counts);
        // The first validation makes the copy of the best weights. A tensor left to the finalizer would show as a rise,
        // and only later as a fall.
        for (int step = 31; step < counts.Count; step++)
            Assert.IsLessThanOrEqualTo(counts[step - 1], counts[step], $"step {step + 1}");
        Collect();
        Assert.AreEqual(before, Tensor.TotalCount);
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
