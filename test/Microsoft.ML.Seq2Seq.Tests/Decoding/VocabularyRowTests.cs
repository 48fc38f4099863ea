using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;

namespace Microsoft.ML.Seq2Seq.Tests.Decoding;

[TestClass]
public sealed class VocabularyRowTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(15)]
    [DataRow(16)]
    [DataRow(255)]
    [DataRow(257)]
    [DataRow(10007)]
    public void LogSumExpEqualsItsFormula(int length)
    {
        var random = new Random(length);
        float[] row = [.. Enumerable.Range(0, length).Select(_ => 100 + 8 * random.NextSingle())];
        double expected = 100 + Math.Log(row.Sum(x => Math.Exp(x - 100.0)));
        Assert.AreEqual(expected, VocabularyRow.LogSumExp(row), 2e-5);
        if (length > 1)
        {
            row[0] = float.NegativeInfinity;
            expected = 100 + Math.Log(row.Sum(x => Math.Exp(x - 100.0)));
            Assert.AreEqual(expected, VocabularyRow.LogSumExp(row), 2e-5);
        }
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    public void LogSumExpOfWhatIsNoNumberIsNone(float value)
    {
        for (int at = 0; at < 40; at += 13)
        {
            var row = new float[40];
            row[at] = value;
            Assert.IsFalse(float.IsFinite(VocabularyRow.LogSumExp(row)), $"at {at}");
        }
        Assert.IsFalse(float.IsFinite(VocabularyRow.LogSumExp([float.NegativeInfinity, float.NegativeInfinity])));
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(7, 3)]
    [DataRow(300, 1)]
    [DataRow(300, 2)]
    [DataRow(300, 5)]
    [DataRow(5000, 21)]
    [DataRow(5000, 1025)]
    public void TopEqualsASort(int length, int count)
    {
        var random = new Random(length + count);
        for (int round = 0; round < 20; round++)
        {
            // Few distinct values, so that there are ties; and some that are ruled out.
            float[] row = [.. Enumerable.Range(0, length).Select(_ => random.Next(0, 50) is var x && x < 5 ? float.NegativeInfinity : x)];
            var expected = row.Index().Where(entry => entry.Item > float.NegativeInfinity)
                .OrderByDescending(entry => entry.Item).ThenBy(entry => entry.Index).Take(count).ToArray();
            var values = new float[count];
            var indices = new int[count];
            int found = Top(row, values, indices);
            Assert.AreEqual(expected.Length, found);
            CollectionAssert.AreEqual(expected.Select(entry => entry.Index).ToArray(), indices[..found]);
            CollectionAssert.AreEqual(expected.Select(entry => entry.Item).ToArray(), values[..found]);
        }
    }

    [TestMethod]
    public void TopOfARowThatIsRuledOutIsEmpty()
    {
        var row = new float[600];
        Array.Fill(row, float.NegativeInfinity);
        Assert.AreEqual(0, Top(row, new float[3], new int[3]));
    }

    [TestMethod]
    public void ABlockWithoutProbabilityAddsNothing()
    {
        var row = new float[4 * LogitBlock.Length + 3];
        Array.Fill(row, float.NegativeInfinity);
        row[2 * LogitBlock.Length + 7] = -300;
        row[^1] = -300;
        var maxima = new float[LogitBlock.Count(row.Length)];

        Assert.AreEqual(-300 + Math.Log(2), VocabularyRow.LogSumExp(row, maxima), 2e-5);
        CollectionAssert.AreEqual(
            new[] { float.NegativeInfinity, float.NegativeInfinity, -300, float.NegativeInfinity, -300 }, maxima);
    }

    [TestMethod]
    public void BansAndNewScoresAreSeenByWhoeverChooses()
    {
        const int Vocabulary = 200;
        var random = new Random(3);
        float[] logits = [.. Enumerable.Range(0, Vocabulary).Select(_ => random.NextSingle())];
        float[] scores = [.. logits];
        var next = new NextTokens(logits, new float[LogitBlock.Count(Vocabulary)]);
        double normalizer = Math.Log(scores.Sum(x => Math.Exp(x)));
        for (int round = 0; round < 150; round++)
        {
            int token = next.Top(1)[0].Token, other = random.Next(Vocabulary);
            Assert.AreEqual(scores.Max(), scores[token]);
            next.Ban(token);
            scores[token] = float.NegativeInfinity;
            float better = random.NextSingle() + round % 3;
            next.Rescore(other, better);
            scores[other] = (float)(better + normalizer);
        }
    }

    private static int Top(float[] row, float[] values, int[] indices)
    {
        var maxima = new float[LogitBlock.Count(row.Length)];
        VocabularyRow.LogSumExp(row, maxima);
        return VocabularyRow.Top(row, maxima, values, indices);
    }
}
