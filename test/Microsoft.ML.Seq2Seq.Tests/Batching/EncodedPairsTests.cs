using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tests.Modeling;

namespace Microsoft.ML.Seq2Seq.Tests.Batching;

[TestClass]
public sealed class EncodedPairsTests
{
    /// <summary>Pages of a few tokens stand for a corpus that one array cannot hold: every position beyond the first
    /// page goes the same way.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(1500)]
    [DataRow(1 << 22)]
    public void PairsComeBackAsTheyWentInWhateverThePages(int largestPage)
    {
        var random = new Random(1);
        var expected = Enumerable.Range(0, 500)
            .Select(_ => (Source: TinyModels.Tokens(random, random.Next(0, 30)), Target: TinyModels.Tokens(random, random.Next(0, 30))))
            .ToArray();
        var pairs = new EncodedPairs(largestPage);
        foreach (var (source, target) in expected)
            pairs.Add(source, target);
        Assert.AreEqual(expected.Length, pairs.Count);
        Assert.AreEqual(expected.Sum(pair => pair.Source.Length), pairs.SourceTokens);
        Assert.AreEqual(expected.Sum(pair => pair.Target.Length), pairs.TargetTokens);
        for (int i = 0; i < expected.Length; i++)
        {
            CollectionAssert.AreEqual(expected[i].Source, pairs.Source(i).ToArray());
            CollectionAssert.AreEqual(expected[i].Target, pairs.Target(i).ToArray());
            Assert.AreEqual(expected[i].Source.Length, pairs.SourceLength(i));
            Assert.AreEqual(expected[i].Target.Length, pairs.TargetLength(i));
        }
    }

    [TestMethod]
    [DataRow(-1)]
    [DataRow(1)]
    public void APairThatIsNotThereIsRefused(int pair)
    {
        var pairs = TinyModels.Pairs(([4], [5]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => pairs.SourceLength(pair));
    }
}
