using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tests.Modeling;

namespace Microsoft.ML.Seq2Seq.Tests.Batching;

[TestClass]
public sealed class BatchPlannerTests
{
    private const int Budget = 400;

    private readonly EncodedPairs _pairs = TextLikePairs(5000);

    [TestMethod]
    public void EveryRowComesOnceAnEpoch()
    {
        var planner = new BatchPlanner(_pairs, Budget);
        foreach (var batches in new[] { planner.Shuffled(1, 1), planner.Shuffled(1, 2), planner.InOrder() })
            CollectionAssert.AreEqual(
                Enumerable.Range(0, _pairs.Count).ToArray(), batches.SelectMany(rows => rows).Order().ToArray());
    }

    [TestMethod]
    public void BatchesKeepTheBudget()
    {
        var pairs = TextLikePairs(1000);
        pairs.Add(new int[3 * Budget], [4]); // too long for any batch: alone
        foreach (int[] rows in new BatchPlanner(pairs, Budget).Shuffled(1, 1))
            Assert.IsTrue(rows.Length == 1 || rows.Length * Longest(pairs, rows) <= Budget, $"{rows.Length} × {Longest(pairs, rows)}");
    }

    [TestMethod]
    public void PaddingIsSmall()
    {
        long tokens = _pairs.SourceTokens + _pairs.TargetTokens + (2 * _pairs.Count), padded = 0;
        foreach (int[] rows in new BatchPlanner(_pairs, Budget).Shuffled(1, 1))
            padded += rows.Length * (2L + rows.Max(_pairs.SourceLength) + rows.Max(_pairs.TargetLength));
        Assert.IsLessThan(0.15, 1 - ((double)tokens / padded));
    }

    [TestMethod]
    public void BatchesAreFull()
    {
        var batches = new BatchPlanner(_pairs, Budget).Shuffled(1, 1);
        double filled = batches.Average(rows => (double)rows.Length * Longest(_pairs, rows) / Budget);
        Assert.IsGreaterThan(0.9, filled);
    }

    [TestMethod]
    public void OrderDependsOnSeedAndEpochAlone()
    {
        string Plan(int seed, int epoch) => Describe(new BatchPlanner(_pairs, Budget).Shuffled(seed, epoch));
        Assert.AreEqual(Plan(1, 1), Plan(1, 1));
        Assert.AreNotEqual(Plan(1, 1), Plan(1, 2));
        Assert.AreNotEqual(Plan(1, 1), Plan(2, 1));
        Assert.AreNotEqual(Plan(0, 1), Plan(1, 0));
        Assert.AreNotEqual(Plan(-1, 1), Plan(1, 1));
    }

    [TestMethod]
    public void RowsMeetOtherNeighboursEveryEpoch()
    {
        var planner = new BatchPlanner(_pairs, Budget);
        HashSet<string> Batches(int epoch) => [.. planner.Shuffled(1, epoch).Select(rows => string.Join(' ', rows.Order()))];
        var (first, second) = (Batches(1), Batches(2));
        Assert.IsLessThan(0.2, (double)first.Intersect(second).Count() / first.Count);
    }

    [TestMethod]
    public void LongAndShortBatchesAreMixed()
    {
        var lengths = new BatchPlanner(_pairs, Budget).Shuffled(1, 1).Select(rows => Longest(_pairs, rows)).ToArray();
        double firstHalf = lengths[..(lengths.Length / 2)].Average(), secondHalf = lengths[(lengths.Length / 2)..].Average();
        Assert.IsLessThan(0.2, Math.Abs(firstHalf - secondHalf) / firstHalf);
    }

    [TestMethod]
    public void EveryEpochHasAsManyBatches()
    {
        var planner = new BatchPlanner(_pairs, Budget);
        int count = planner.Shuffled(1, 1).Count();
        for (int epoch = 2; epoch < 6; epoch++)
            Assert.HasCount(count, planner.Shuffled(1, epoch).ToArray());
    }

    /// <summary>Blocks of 16 stand for data of many windows.</summary>
    [TestMethod]
    public void ManyWindowsHoldEveryRowOnceAndPadAsLittle()
    {
        var windows = new BatchPlanner(_pairs, Budget, blockPairs: 16, windowBlocks: 100);
        foreach (var batches in new[] { windows.Shuffled(1, 1), windows.InOrder() })
            CollectionAssert.AreEqual(
                Enumerable.Range(0, _pairs.Count).ToArray(), batches.SelectMany(rows => rows).Order().ToArray());
        double whole = Padded(new BatchPlanner(_pairs, Budget).Shuffled(1, 1)), cut = Padded(windows.Shuffled(1, 1));
        Assert.IsLessThan(1.06, cut / whole);

        double Padded(IEnumerable<int[]> batches) => batches.Sum(rows => rows.Length * (double)Longest(_pairs, rows));
    }

    [TestMethod]
    public void AWindowTakesBlocksFromAllOverTheDataAndOthersEveryEpoch()
    {
        var planner = new BatchPlanner(_pairs, Budget, blockPairs: 16, windowBlocks: 100); // 313 blocks: 4 windows
        HashSet<int> FirstWindow(int epoch)
        {
            var rows = new HashSet<int>();
            foreach (int[] batch in planner.Shuffled(1, epoch).TakeWhile(_ => rows.Count < 78 * 16))
                rows.UnionWith(batch);
            return rows;
        }

        var (first, second) = (FirstWindow(1), FirstWindow(2));
        Assert.AreEqual(_pairs.Count / 2.0, first.Average(), _pairs.Count / 8.0);
        Assert.IsGreaterThan(60, first.Select(row => row / 16).Distinct().Count());
        Assert.IsLessThan(0.5, (double)first.Intersect(second).Count() / first.Count);
    }

    [TestMethod]
    public void NoRowsMakeNoBatches() => Assert.IsEmpty(new BatchPlanner(new EncodedPairs(), Budget).Shuffled(1, 1));

    private static int Longest(EncodedPairs pairs, int[] rows) =>
        1 + Math.Max(rows.Max(pairs.SourceLength), rows.Max(pairs.TargetLength));

    private static string Describe(IEnumerable<int[]> batches) => string.Join('|', batches.Select(rows => string.Join(' ', rows)));

    /// <summary>Lengths like those of sentences and their translations.</summary>
    private static EncodedPairs TextLikePairs(int count)
    {
        var random = new Random(2);
        var pairs = new EncodedPairs();
        for (int i = 0; i < count; i++)
        {
            int source = 4 + (int)(-8 * Math.Log(1 - random.NextDouble()));
            int target = Math.Max(1, source + random.Next(-3, 4));
            pairs.Add(TinyModels.Tokens(random, source), TinyModels.Tokens(random, target));
        }
        return pairs;
    }
}
