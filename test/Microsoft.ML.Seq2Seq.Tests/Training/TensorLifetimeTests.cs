using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
[DoNotParallelize] // counts the tensors of the process
public sealed class TensorLifetimeTests
{
    [TestMethod]
    [DataRow(PositionalEncodingKind.Sinusoidal, 1)]
    [DataRow(PositionalEncodingKind.Sinusoidal, 2)]
    [DataRow(PositionalEncodingKind.Learned, 1)]
    [DataRow(PositionalEncodingKind.Rotary, 1)]
    [DataRow(PositionalEncodingKind.Alibi, 1)]
    [DataRow(PositionalEncodingKind.Relative, 1)]
    [DataRow(PositionalEncodingKind.Relative, 1, true)]
    [DataRow(PositionalEncodingKind.Rotary, 2, true)]
    public void LiveTensorsStayConstantOverTwoHundredSteps(PositionalEncodingKind positions, int threads, bool savesMemory = false)
    {
        using var model = TinyModels.Create(
            TinyModels.Architecture(a => (a.Dropout, a.AttentionDropout, a.PositionalEncoding) = (0.1, 0.1, positions)),
            when: savesMemory ? new LongAttention(Longest: 4, Scores: 100) : null);
        Collect();
        long before = Tensor.TotalCount;
        var counts = new List<long>();
        Runs.Train(model, Runs.RandomPairs(60, seed: 4), Runs.RandomPairs(10, seed: 5),
            new TrainingOptions
            {
                TokensPerBatch = 64,
                MaxSteps = 200,
                MaxEpochs = 1000,
                ValidateEverySteps = 20,
                Threads = threads,
                GradientCheckpointing = savesMemory,
            },
            1, null, new Watcher(onStep: _ => counts.Add(Tensor.TotalCount)));
        Assert.HasCount(200, counts);
        // The first validation makes the copy of the best weights. A tensor left to the finalizer would show as a rise,
        // and only later as a fall.
        for (int step = 31; step < counts.Count; step++)
            Assert.IsLessThanOrEqualTo(counts[step - 1], counts[step], $"step {step + 1}");
        Collect();
        // TorchSharp counts the tensor that a Parameter was made of for ever: one for each weight of a replica.
        int made = (threads - 1) * model.named_parameters().Count();
        Assert.AreEqual(before + made, Tensor.TotalCount);
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
