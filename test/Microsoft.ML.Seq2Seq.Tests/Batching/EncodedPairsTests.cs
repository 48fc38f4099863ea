using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tests.Modeling;

namespace Microsoft.ML.Seq2Seq.Tests.Batching;

[TestClass]
public sealed class EncodedPairsTests
{
    /// <summary>A few bytes of memory stand for a corpus that memory cannot hold.</summary>
    [TestMethod]
    [DataRow(1 << 8, 255, 0)]
    [DataRow(1 << 8, 30_000, 1 << 20)]
    [DataRow((1 << 8) + 1, 30_000, 0)]
    [DataRow(1 << 16, 70_000, 1000)]
    [DataRow((1 << 16) + 1, 70_000, 0)]
    [DataRow(1 << 24, 30_000, 1000)]
    [DataRow((1 << 24) + 1, 30_000, 0)]
    [DataRow(int.MaxValue, int.MaxValue, 1 << 20)]
    public void PairsComeBackAsTheyWentInInMemoryAndOnDisk(int vocabulary, int longest, int memoryLimit)
    {
        var random = new Random(1);
        int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
        List<(int[] Source, int[] Target)> expected = [.. Enumerable.Range(0, 3000).Select(_ => (Tokens(random.Next(0, 30)), Tokens(random.Next(0, 30))))];
        int length = Math.Min(longest, 300_000); // longer than what is written at once
        expected.Insert(0, (Tokens(length), []));
        expected.Insert(70, ([], Tokens(length)));
        expected.Add(([], []));
        expected.Add(([0], [vocabulary - 1]));
        using var pairs = new EncodedPairs(vocabulary, longest, Path.GetTempPath(), memoryLimit);
        foreach (var (source, target) in expected)
            pairs.Add(source, target);
        AssertPairs(expected, pairs);
    }

    [TestMethod]
    public void PairsCanBeReadBetweenThoseThatAreAdded()
    {
        using var pairs = new EncodedPairs(1000, 100, Path.GetTempPath(), memoryLimit: 50);
        for (int i = 0; i < 300; i++)
        {
            pairs.Add([i, i + 1], [i]);
            foreach (int pair in new[] { 0, i / 2, i })
                CollectionAssert.AreEqual(new[] { pair, pair + 1 }, pairs.Source(pair));
        }
    }

    [TestMethod]
    public void PairsLeftOutAreGoneAndTheOthersMoveUp()
    {
        var random = new Random(1);
        var expected = Enumerable.Range(0, 500).Select(i => (new[] { i }, TinyModels.Tokens(random, random.Next(0, 9)))).ToList();
        using var pairs = TinyModels.Pairs([.. expected]);
        foreach (int[] leftOut in new int[][] { [0, 1, 2, 70, 499], [], [0, 63, 64, 65, 494], [7], [.. Enumerable.Range(100, 300)] })
        {
            pairs.LeaveOut(leftOut);
            foreach (int pair in leftOut.Reverse())
                expected.RemoveAt(pair);
            AssertPairs(expected, pairs);
        }
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => pairs.Source(expected.Count));
    }

    [TestMethod]
    public void ManyThreadsReadAtOnce()
    {
        using var pairs = new EncodedPairs(100_000, 20, Path.GetTempPath(), memoryLimit: 0);
        for (int i = 0; i < 100_000; i++)
            pairs.Add([i, i, i], [i]);
        Parallel.For(0, 8, thread =>
        {
            for (int i = thread; i < pairs.Count; i += 3) // more reads than one map serves
            {
                if (pairs.Source(i)[2] != i || pairs.TargetLength(i) != 1)
                    throw new InvalidOperationException($"Pair {i}");
            }
        });
    }

    /// <summary>What a pair is as objects: an array for each side of 24 bytes and 4 a token, and the places of both.</summary>
    [TestMethod]
    [DoNotParallelize] // measures the process's heap
    public void APairCostsItsTokensAndLittleElse()
    {
        const int Count = 200_000;
        int[] tokens = [.. Enumerable.Range(0, 10)];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using var pairs = new EncodedPairs(10_000, 512, Path.GetTempPath(), memoryLimit: 1 << 20);
        for (int i = 0; i < Count; i++)
            pairs.Add(tokens, tokens);
        double onHeap = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
        Assert.AreEqual(2 * (2 + (10 * 2.0)), (double)pairs.Bytes / Count);
        Assert.IsLessThan(12, onHeap, "bytes of memory a pair: two write buffers of a megabyte, and little else");
    }

    [TestMethod]
    public void AFingerprintTellsPairsApartAndNotWhereTheyAre()
    {
        (int[], int[])[] rows = [([4, 5], [6]), ([7], [8, 9])];
        string Of(int memoryLimit, params (int[] Source, int[] Target)[] rows)
        {
            using var pairs = new EncodedPairs(100, 100, Path.GetTempPath(), memoryLimit);
            foreach (var (source, target) in rows)
                pairs.Add(source, target);
            return pairs.Fingerprint();
        }

        Assert.AreEqual(Of(1 << 20, rows), Of(0, rows));
        string[] others = [Of(0, rows), Of(0, rows[1], rows[0]), Of(0, rows[0]), Of(0, ([4], [5, 6]), rows[1]), Of(0, rows[0], ([7], [8, 10])), Of(0)];
        Assert.HasCount(others.Length, others.Distinct().ToArray());
    }

    [TestMethod]
    public void ATokenOutsideTheVocabularysBytesIsRefused()
    {
        using var pairs = new EncodedPairs(256, 100, Path.GetTempPath());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => pairs.Add([256], [0]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => pairs.Add([0], [-1]));
        Assert.ThrowsExactly<OverflowException>(() => pairs.Add(new int[256], [0]));
    }

    [TestMethod]
    [DataRow(-1)]
    [DataRow(1)]
    public void APairThatIsNotThereIsRefused(int pair)
    {
        var pairs = TinyModels.Pairs(([4], [5]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => pairs.SourceLength(pair));
    }

    private static void AssertPairs(IReadOnlyList<(int[] Source, int[] Target)> expected, EncodedPairs pairs)
    {
        Assert.AreEqual(expected.Count, pairs.Count);
        Assert.AreEqual(expected.Sum(pair => (long)pair.Source.Length), pairs.SourceTokens);
        Assert.AreEqual(expected.Sum(pair => (long)pair.Target.Length), pairs.TargetTokens);
        for (int i = 0; i < expected.Count; i++)
        {
            CollectionAssert.AreEqual(expected[i].Source, pairs.Source(i));
            CollectionAssert.AreEqual(expected[i].Target, pairs.Target(i));
            Assert.AreEqual((expected[i].Source.Length, expected[i].Target.Length), pairs.Lengths(i));
        }
    }
}
