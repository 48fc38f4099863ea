using Microsoft.ML.Seq2Seq.Evaluation;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tests.Evaluation;

/// <summary>Error rates, exact match and ROUGE against numbers worked out by hand.</summary>
[TestClass]
public sealed class ErrorRateAndRougeTests
{
    [TestMethod]
    // One replaced and one missing of six words.
    [DataRow("the cat sat in the", "the cat sat on the mat", 2 / 6.0)]
    [DataRow("same words", "same  words ", 0.0)]
    [DataRow("Case counts", "case counts", 0.5)]
    [DataRow("far too many words here", "few", 5.0)]
    [DataRow("", "two words", 1.0)]
    [DataRow("", "", 0.0)]
    [DataRow("anything", "", 1.0)]
    public void WordErrorRateCountsWords(string hypothesis, string reference, double expected)
        => Assert.AreEqual(expected, Measure(hypothesis, [reference]).WordErrorRate, 1e-12);

    [TestMethod]
    [DataRow("kitten", "sitting", 3 / 7.0)]
    [DataRow("a b", "ab", 0.5)]
    [DataRow("😀x", "😁x", 0.5)]                  // a surrogate pair is one character
    [DataRow("e\u0301", "é", 2.0)]                // and nothing is normalised
    [DataRow("", "", 0.0)]
    public void CharacterErrorRateCountsScalarValues(string hypothesis, string reference, double expected)
        => Assert.AreEqual(expected, Measure(hypothesis, [reference]).CharacterErrorRate, 1e-12);

    [TestMethod]
    public void ErrorRatesOfACorpusAreEditsOverLength()
    {
        var accumulator = new MetricAccumulator();
        accumulator.Add("a", ["b"]);                       // 1 of 1
        accumulator.Add("a b c d e f g h i", ["a b c d e f g h i"]);   // 0 of 9
        Assert.AreEqual(0.1, accumulator.Compute().WordErrorRate, 1e-12);
    }

    [TestMethod]
    public void TheReferenceWithTheLowestRateCounts()
    {
        // One edit of two words is worse than two edits of five.
        var accumulator = new MetricAccumulator();
        accumulator.Add("a b c d e", ["a b", "a b c x y", "a b c d e f g h i j k l"]);
        Assert.AreEqual(2 / 5.0, accumulator.Compute().WordErrorRate, 1e-12);
    }

    [TestMethod]
    public void ExactMatchIsTheShareOfRowsEqualToAReference()
    {
        var accumulator = new MetricAccumulator();
        accumulator.Add("yes", ["no", "yes"]);
        accumulator.Add("Yes", ["yes"]);
        accumulator.Add("yes ", ["yes"]);
        accumulator.Add("", [""]);
        Assert.AreEqual(0.5, accumulator.Compute().ExactMatch);
    }

    [TestMethod]
    // Words the, cat, sat, on, the, mat against the, cat, was, on, a, mat: 4 of 6; pairs "the cat" only: 1 of 5 …
    [DataRow("The cat sat on the mat.", "the cat was on a mat", 4 / 6.0, 1 / 5.0, 4 / 6.0)]
    // … three shared words but out of order; 3 words against 5.
    [DataRow("c b a", "a x b y c", 2 * 3 / 8.0, 0.0, 2 * 1 / 8.0)]
    // A word counts as often as both have it.
    [DataRow("a a a", "a a b", 2 * 2 / 6.0, 2 * 1 / 4.0, 2 * 2 / 6.0)]
    [DataRow("don't", "don t", 1.0, 1.0, 1.0)]
    [DataRow("naïve Ωmega", "NAÏVE ωMEGA!", 1.0, 1.0, 1.0)]
    // Every ideograph is a word.
    [DataRow("我去北京", "我去南京。", 3 / 4.0, 1 / 3.0, 3 / 4.0)]
    [DataRow("二〇〇年", "二〇年", 6 / 7.0, 4 / 5.0, 6 / 7.0)]
    [DataRow("人々々", "人々", 4 / 5.0, 2 / 3.0, 4 / 5.0)]
    [DataRow("ｶﾞｷﾞ", "ｶﾞ", 2 / 3.0, 0.0, 2 / 3.0)]
    [DataRow("ㇰㇱ", "ㇰ", 2 / 3.0, 0.0, 2 / 3.0)]
    // Marks and variation selectors belong to the letter before them, or to nothing.
    [DataRow("か\u3099き", "か\u3099", 2 / 3.0, 0.0, 2 / 3.0)]
    [DataRow("葛\U000E0100城", "葛\U000E0100", 2 / 3.0, 0.0, 2 / 3.0)]
    [DataRow("❤\uFE0F x", "☀\uFE0F y", 0.0, 0.0, 0.0)]
    [DataRow("word", "word", 1.0, 0.0, 1.0)]
    [DataRow("", "", 0.0, 0.0, 0.0)]
    [DataRow("...", "...", 0.0, 0.0, 0.0)]
    public void RougeIsTheF1OfSharedWords(string hypothesis, string reference, double rouge1, double rouge2, double rougeL)
    {
        Seq2SeqMetrics metrics = Measure(hypothesis, [reference]);
        Assert.AreEqual(rouge1, metrics.Rouge1, 1e-12);
        Assert.AreEqual(rouge2, metrics.Rouge2, 1e-12);
        Assert.AreEqual(rougeL, metrics.RougeL, 1e-12);
    }

    [TestMethod]
    public void RougeTakesTheBestReferenceAndTheMeanOfRows()
    {
        var accumulator = new MetricAccumulator();
        accumulator.Add("a b", ["x y", "a b", "a"]);
        accumulator.Add("a b", ["c d"]);
        Seq2SeqMetrics metrics = accumulator.Compute();
        Assert.AreEqual(0.5, metrics.Rouge1, 1e-12);
        Assert.AreEqual(0.5, metrics.Rouge2, 1e-12);
        Assert.AreEqual(0.5, metrics.RougeL, 1e-12);
    }

    [TestMethod]
    public void SixtyFourCellsAtATimeEqualOneByOne()
    {
        var random = new SplitMix64(3);
        var comparer = new SequenceComparer();
        for (int trial = 0; trial < 300; trial++)
        {
            int symbols = 1 + random.NextBelow(6);
            int[] a = Sequence(ref random, symbols);
            int[] b = Sequence(ref random, symbols);
            (int distance, int common) = Table(a, b);
            Assert.AreEqual(distance, comparer.Distance(a, b));
            Assert.AreEqual(common, comparer.CommonSubsequence(a, b));
        }
    }

    private static int[] Sequence(ref SplitMix64 random, int symbols)
    {
        int[] sequence = new int[random.NextBelow(200)];
        for (int i = 0; i < sequence.Length; i++)
            sequence[i] = random.NextBelow(symbols);
        return sequence;
    }

    private static (int Distance, int Common) Table(int[] a, int[] b)
    {
        int[,] distance = new int[a.Length + 1, b.Length + 1];
        int[,] common = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    distance[i, j] = i + j;
                    continue;
                }

                bool same = a[i - 1] == b[j - 1];
                distance[i, j] = Math.Min(distance[i - 1, j - 1] + (same ? 0 : 1),
                    1 + Math.Min(distance[i - 1, j], distance[i, j - 1]));
                common[i, j] = same ? common[i - 1, j - 1] + 1 : Math.Max(common[i - 1, j], common[i, j - 1]);
            }
        }

        return (distance[a.Length, b.Length], common[a.Length, b.Length]);
    }

    private static Seq2SeqMetrics Measure(string hypothesis, string[] references)
    {
        var accumulator = new MetricAccumulator();
        accumulator.Add(hypothesis, references);
        return accumulator.Compute();
    }
}
