using Microsoft.ML.Seq2Seq.Evaluation;
using Microsoft.ML.Seq2Seq.Tests.Catalog;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Evaluation.Inspection;

[TestClass]
public sealed class VocabularySizingTests
{
    private static readonly string[] _texts = [.. Sentences.Pairs(200).SelectMany(row => new[] { row.Source!, row.Target! })];

    private static readonly BytePairTokenizer _large = Learn(2000);

    [TestMethod]
    [DataRow(300)]
    [DataRow(330)]
    [DataRow(2000)]
    public void AVocabularyCutOutOfALargerOneIsTheOneThatIsLearned(int size)
    {
        var cut = VocabularySizing.Shrink(_large, size)!;

        CollectionAssert.AreEqual(Learn(size).Pieces.ToArray(), cut.Pieces.ToArray());
        CollectionAssert.AreEqual(Learn(size).Encode(_texts[0]), cut.Encode(_texts[0]));
    }

    [TestMethod]
    public void ACutThatWouldHaveAnotherAlphabetIsRefused() => Assert.IsNull(VocabularySizing.Shrink(_large, 270));

    [TestMethod]
    public void OccurrencesAreCountedWithinLongerTokens()
    {
        long[] counts = new long[_large.VocabularySize];
        foreach (int id in _texts.SelectMany(_large.Encode))
            counts[id]++;

        long[] occurrences = VocabularySizing.Occurrences(_large, counts);

        // At the size where a token is the last to be learned, nothing longer hides it.
        for (int size = BytePairTokenizer.FirstPiece + _large.AlphabetSize + 1; size <= _large.VocabularySize; size += 7)
        {
            var cut = VocabularySizing.Shrink(_large, size)!;
            long alone = _texts.Sum(text => (long)cut.Encode(text).Count(id => id == size - 1));
            Assert.AreEqual(alone, occurrences[size - 1 - BytePairTokenizer.FirstPiece]);
        }
    }

    [TestMethod]
    public void TheLargestSizeIsTheLastWithEnoughTokensSeenOften()
    {
        int alphabet = _large.AlphabetSize, pieces = _large.Pieces.Length;
        long[] occurrences = [.. Enumerable.Range(0, pieces).Select(i => i < alphabet + 19 ? 100L : 99L)];

        int? largest = VocabularySizing.Largest(_large, occurrences, wanted: 100);

        int expected = (int)((alphabet + 19) / 0.95);
        Assert.AreEqual(BytePairTokenizer.FirstPiece + Math.Min(expected, pieces), largest);
        Assert.IsNull(VocabularySizing.Largest(_large, occurrences, wanted: 101));
    }

    private static BytePairTokenizer Learn(int size) =>
        (BytePairTokenizer)SubwordLearner.Learn(_texts, new SubwordOptions { VocabularySize = size });
}
