using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tests.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Batching;

[TestClass]
public sealed class TextPairsTests
{
    [TestMethod]
    [DataRow(0)]
    [DataRow(1 << 20)]
    public void TextsOfAnyKindComeBackAsTheyWentIn(int memoryLimit)
    {
        string[] texts = [.. Toy.OddTexts.Select(text => text ?? "")];
        (string, string)[] expected = [.. texts.SelectMany(source => texts.Select(target => (source, target)))];
        using var folder = new TemporaryFolder();
        using var pairs = new TextPairs(folder.Path, memoryLimit);
        foreach (var (source, target) in expected)
            pairs.Add(source, target);

        CollectionAssert.AreEqual(expected, pairs.ToArray());
        Assert.AreEqual(expected[70], pairs[70]);
        pairs.LeaveOut([0, 5, 6]);
        CollectionAssert.AreEqual(expected.Where((_, i) => i is not (0 or 5 or 6)).ToArray(), pairs.ToArray());
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 4, 7, 8 }, Enumerable.Range(0, 6).Select(pairs.Stored).ToArray());
    }
}
