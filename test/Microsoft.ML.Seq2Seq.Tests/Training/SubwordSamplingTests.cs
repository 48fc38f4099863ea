using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Training;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class SubwordSamplingTests
{
    private const int Rows = 40_000; // more than are cut at a time
    private const int TokensPerBatch = 256;

    [TestMethod]
    public void ARowIsReadOnceInAnEpochAndIsBatchedByItsNewLength()
    {
        var read = Epoch(epoch: 1);

        CollectionAssert.AreEqual(Enumerable.Range(0, Rows).ToArray(), read.SelectMany(batch => batch.Select(pair => pair.Source[0])).Order().ToArray());
        foreach (var batch in read)
        {
            int longest = 1 + batch.Max(pair => Math.Max(pair.Source.Length, pair.Target.Length));
            Assert.IsTrue(batch.Length == 1 || batch.Length * longest <= TokensPerBatch, $"{batch.Length} rows, {longest} tokens");
            foreach (var (source, target) in batch)
                CollectionAssert.AreEqual(Cut(1, source[0]).Target, target);
        }
    }

    [TestMethod]
    public void AnEpochIsTheSameEveryTimeAndUnlikeTheNext()
    {
        int[] Order(int epoch) => [.. Epoch(epoch).SelectMany(batch => batch.Select(pair => pair.Source[0]))];

        CollectionAssert.AreEqual(Order(1), Order(1));
        CollectionAssert.AreNotEqual(Order(1), Order(2));
    }

    [TestMethod]
    [DataRow(5)]
    [DataRow(3000)] // more than are cut at a time
    public void OnlyTheLastUpdateOfAnEpochMayHoldFewerBatches(int accumulation)
    {
        var updates = Updates(epoch: 1, accumulation);

        Assert.IsGreaterThan(1, updates.Count);
        Assert.IsTrue(updates.SkipLast(1).All(update => update.Length == accumulation));
        Assert.IsInRange(1, accumulation, updates[^1].Length);
        CollectionAssert.AreEqual(
            Enumerable.Range(0, Rows).ToArray(), updates.SelectMany(update => update).SelectMany(batch => batch.Select(pair => pair.Source[0])).Order().ToArray());
    }

    private static (int[] Source, int[] Target)[][] Epoch(int epoch) => [.. Updates(epoch, accumulation: 1).Select(update => update.Single())];

    private static List<(int[] Source, int[] Target)[][]> Updates(int epoch, int accumulation)
    {
        var usual = new EncodedPairs();
        for (int row = 0; row < Rows; row++)
            usual.Add(new int[1 + row % 20], new int[1 + row % 20]);
        var sampling = new SubwordSampling(0.1, Cut);
        var options = new TrainingOptions { TokensPerBatch = TokensPerBatch, GradientAccumulation = accumulation, Threads = 2 };
        return [.. sampling.Updates(epoch, new BatchPlanner(usual, TokensPerBatch).Shuffled(1, epoch), options, seed: 1).Select(part =>
            part.Update.Select(batch => batch.Select(pair => (part.Rows.Source(pair), part.Rows.Target(pair))).ToArray()).ToArray())];
    }

    /// <summary>Up to twice as long as usual; its first token is the row.</summary>
    private static (int[] Source, int[] Target) Cut(int epoch, int row)
    {
        var random = new SplitMix64(SplitMix64.Combine((ulong)epoch, (ulong)row));
        int usual = 1 + row % 20;
        int[] source = new int[usual + random.NextBelow(usual + 1)], target = new int[usual + random.NextBelow(usual + 1)];
        source[0] = row;
        Array.Fill(target, row);
        return (source, target);
    }
}
