using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Tokenization;
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

    [TestMethod]
    [DataRow(DecodingStrategy.Greedy, new[] { 8, 7, 6, 5, 4, 3, 2, 1 })]
    // Before the first step there is one prefix for each source, then four.
    [DataRow(DecodingStrategy.Beam, new[] { 8, 28, 24, 20, 16, 12, 8, 4 })]
    public void FinishedSourcesLeaveTheBatch(DecodingStrategy strategy, int[] expected)
    {
        var rows = new List<int>();
        // A source of n tokens is copied.
        var model = new ScriptedModel(9, (source, written) =>
        {
            var logits = new double[9];
            logits[written.Length < source.Length ? source[written.Length] : SpecialTokens.End] = 20;
            return logits;
        })
        { OnStep = rows.Add };
        int[][] sources = [.. Enumerable.Range(0, 8).Select(n => Enumerable.Repeat(4 + n % 5, n).ToArray())];
        using var batch = SourceBatch.Create(sources, torch.CPU);
        var found = Search.Run(model, batch, new DecodingOptions { Strategy = strategy, BeamSize = 4 });
        for (int row = 0; row < sources.Length; row++)
            CollectionAssert.AreEqual(sources[row], found[row][0].Tokens);
        CollectionAssert.AreEqual(expected, rows);
    }

    /// <summary>Without what other tests have left to the collector.</summary>
    private static long LiveTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }
}
