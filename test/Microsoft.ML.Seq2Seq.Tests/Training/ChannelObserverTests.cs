using System.Runtime.InteropServices;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Training;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

/// <summary>What goes wrong in a run stands in ML.NET's log when it does.</summary>
[TestClass]
public sealed class ChannelObserverTests
{
    [TestMethod]
    public void EverySkippedStepIsToldOf()
    {
        using var model = new BigramModel { Breaks = pass => pass is 2 or 3 };
        string[] warnings = Warnings(model, new TrainingOptions { TokensPerBatch = 1, MaxSteps = 5 });
        Assert.HasCount(2, warnings);
        Assert.Contains("Step 2 skipped (1 so far)", warnings[0]);
        Assert.Contains("Step 3 skipped (2 so far)", warnings[1]);
    }

    [TestMethod]
    public void WantOfMemoryIsToldOf()
    {
        using var model = new BigramModel();
        model.OnPass = batch =>
        {
            if (batch.Rows > 10 || batch.TargetInput.shape[1] > 9)
                throw new ExternalException("CUDA out of memory");
        };
        string[] warnings = Warnings(model, new TrainingOptions { TokensPerBatch = 1_000_000, MaxSteps = 1 });
        Assert.Contains("Step 1: out of memory; the batch was split", warnings[0]);
        Assert.Contains("rows left out", warnings[1]);
        Assert.Contains("MaximumTokens", warnings[1]);
    }

    private static string[] Warnings(BigramModel model, TrainingOptions options)
    {
        var ml = new MLContext(1);
        var warnings = new List<string>();
        ml.Log += (_, log) =>
        {
            if (log.Kind == ChannelMessageKind.Warning)
                warnings.Add(log.Message);
        };
        var host = ((IHostEnvironment)ml).Register("Test");
        using var channel = host.Start("Training");
        using var progress = host.StartProgressChannel("Training");
        Runs.Train(model, Runs.RandomPairs(30, seed: 4), null, options, 1, null, new ChannelObserver(channel, progress));
        return [.. warnings];
    }
}
