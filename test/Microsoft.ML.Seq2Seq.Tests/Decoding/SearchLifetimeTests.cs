using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

[TestClass]
[DoNotParallelize]
public sealed class SearchLifetimeTests
{
    private static readonly int[][] _sources = [[4, 5, 6], [], [7, 8, 9, 10, 11]];

    [TestMethod]
    [DataRow(DecodingStrategy.Greedy)]
    [DataRow(DecodingStrategy.Beam)]
    [DataRow(DecodingStrategy.Sampling)]
    public void LiveTensorsStayConstantOverAThousandDecodes(DecodingStrategy strategy)
    {
        using var model = TinyModels.Create(TinyModels.Architecture(a => (a.EncoderLayers, a.DecoderLayers) = (1, 1)));
        var options = new DecodingOptions { Strategy = strategy, BeamSize = 3, MaxLength = 4, OutputAlignment = true };
        using var batch = SourceBatch.Create(_sources, torch.CPU);
        Search.Run(model, batch, options);
        long before = LiveTensors();
        for (int i = 0; i < 1000; i++)
            Search.Run(model, batch, options);
        Assert.AreEqual(before, Tensor.TotalCount);
    }

    [TestMethod]
    public void CancellationFreesEverything()
    {
        using var model = TinyModels.Create();
        using var batch = SourceBatch.Create(_sources, torch.CPU);
        Search.Run(model, batch, new DecodingOptions());
        long before = LiveTensors();
        Assert.ThrowsExactly<OperationCanceledException>(
            () => Search.Run(model, batch, new DecodingOptions(), new CancellationToken(canceled: true)));
        Assert.AreEqual(before, Tensor.TotalCount);

        using var cancellation = new CancellationTokenSource();
        int steps = 0;
        var scripted = new ScriptedModel(6, (_, _) => [0, 0, -9, 0, 1, 0])
        {
            OnStep = _ =>
            {
                if (++steps == 3)
                    cancellation.Cancel();
            },
        };
        Assert.ThrowsExactly<OperationCanceledException>(
            () => Search.Run(scripted, batch, new DecodingOptions { MaxLength = 50 }, cancellation.Token));
        Assert.AreEqual(3, steps);
        Assert.AreEqual(before, Tensor.TotalCount);
    }

    [TestMethod]
    public void AModelThatFailsMidwayLeavesNothingBehind()
    {
        using var batch = SourceBatch.Create(_sources, torch.CPU);
        long before = LiveTensors();
        int steps = 0;
        var failing = new ScriptedModel(6, (_, _) => [0, 0, -9, 0, 1, 0])
        {
            OnStep = _ =>
            {
                if (++steps == 3)
                    throw new InvalidOperationException("out of memory");
            },
        };
        Assert.ThrowsExactly<InvalidOperationException>(() => Search.Run(failing, batch, new DecodingOptions { MaxLength = 50 }));
        Assert.AreEqual(before, Tensor.TotalCount);
    }

    /// <summary>Without what other tests have left to the collector.</summary>
    private static long LiveTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }
}
