using Microsoft.ML.Seq2Seq.Evaluation;

namespace Microsoft.ML.Seq2Seq.Tests.Evaluation.Inspection;

/// <summary>What is counted in bounded memory equals what sorting and looking up would give.</summary>
[TestClass]
public sealed class TallyTests
{
    [TestMethod]
    public void PercentilesOfLengthsAreThoseOfTheSortedLengths()
    {
        var random = new Random(1);
        int[] lengths = [.. Enumerable.Range(0, 5000).Select(_ => (int)Math.Exp(random.NextDouble() * 9))];
        var tally = new LengthTally();
        foreach (int length in lengths)
            tally.Add(length);

        var statistics = tally.Statistics();

        Array.Sort(lengths);
        foreach (var (found, share) in new[]
        {
            (statistics.Percentile5, 0.05), (statistics.Median, 0.5), (statistics.Percentile95, 0.95), (statistics.Percentile99, 0.99),
        })
        {
            int exact = lengths[(int)Math.Ceiling(share * lengths.Length) - 1];
            Assert.AreEqual(exact, found, exact < 512 ? 0 : 0.011 * exact);
        }
        Assert.AreEqual(lengths.Average(), statistics.Mean, 1e-9);
        Assert.AreEqual(lengths[^1], statistics.Maximum);
        Assert.AreEqual(5000, statistics.Histogram.Sum(bin => bin.Rows));
        Assert.AreEqual(lengths[^1], statistics.Histogram[^1].To);
    }

    [TestMethod]
    public void TheIndexFindsTheFirstRowOfEachHashAndGoesOnToWhenFull()
    {
        var random = new Random(1);
        var index = new RowIndex(mostHashes: 5000);
        var first = new Dictionary<ulong, uint>();
        for (uint row = 1; row <= 20_000; row++)
        {
            ulong hash = (ulong)random.Next(8000) * 0x9E3779B97F4A7C15;
            bool isKnown = first.TryGetValue(hash, out uint expected);
            Assert.AreEqual(expected, index.FindOrAdd(hash, row));
            if (!isKnown && first.Count < 5000)
                first.Add(hash, row);
        }

        Assert.IsTrue(index.IsFull);
        Assert.AreEqual(5000, index.Count);
        Assert.AreEqual(0u, index.Find(1));
    }

    [TestMethod]
    public void TheSampleIsBoundedAndTakesAllPartsAlike()
    {
        var sample = new TextSample(mostCharacters: 20_000);
        for (int row = 1; row <= 50_000; row++)
            sample.Add(new TextRow(row, $"{row:D6}", "abcd"));

        int[] rows = [.. sample.Rows.Select(row => int.Parse(row.Source))];
        Assert.IsLessThanOrEqualTo(2000, rows.Length);
        Assert.IsGreaterThan(500, rows.Length);
        Assert.AreEqual(50_000, rows.Length * sample.Scale, 5000);
        Assert.IsInRange(0.4, 0.6, rows.Count(row => row <= 25_000) / (double)rows.Length);
    }

    [TestMethod]
    public void CorrelationIsPearsons()
    {
        double[] x = [1, 2, 4, 8, 5], y = [2, 1, 5, 6, 9];
        var correlation = new Correlation();
        for (int i = 0; i < x.Length; i++)
            correlation.Add(x[i], y[i]);

        double mx = x.Average(), my = y.Average();
        double expected = x.Zip(y, (a, b) => (a - mx) * (b - my)).Sum()
            / Math.Sqrt(x.Sum(a => (a - mx) * (a - mx)) * y.Sum(b => (b - my) * (b - my)));
        Assert.AreEqual(expected, correlation.Value, 1e-12);
        Assert.IsTrue(double.IsNaN(new Correlation().Value));
    }

    [TestMethod]
    public void ExtremeRowsAreTheLowestKeysInOrder()
    {
        var rows = new ExtremeRows(3);
        double[] keys = [5, 1, 4, 1, 3, 0, 9];
        for (int i = 0; i < keys.Length; i++)
            rows.Add(keys[i], new TextRow(i + 1, "", ""));

        CollectionAssert.AreEqual(new long[] { 6, 2, 4 }, rows.InOrder().Select(item => item.Row.Number).ToArray());
        var none = new ExtremeRows(0);
        none.Add(1, new TextRow(1, "", ""));
        Assert.IsEmpty(none.InOrder());
    }

    [TestMethod]
    public void OutliersAreTheRowsBeyondTheMedianAndItsDeviation()
    {
        var random = new Random(2);
        var tally = new RatioTally(mostExamples: 10);
        TextRow[] rows = [.. Enumerable.Range(1, 3000).Select(i =>
        {
            int length = random.Next(20, 200);
            double factor = i % 100 == 0 ? 5 : 1.2 * (1 + (0.3 * (random.NextDouble() - 0.5)));
            return new TextRow(i, new string('s', length), new string('t', (int)(length * factor)));
        })];
        foreach (var row in rows)
            tally.Add(row);

        var outliers = tally.Outliers(5);

        Assert.AreEqual(1.2, outliers.Median, 0.05);
        Assert.AreEqual(30, outliers.Count);
        Assert.IsTrue(outliers.Examples.All(row => row.Number % 100 == 0));
        Assert.HasCount(10, outliers.Examples);
    }

    [TestMethod]
    public void HashesTellTextsAndTheirBordersApart()
    {
        static ulong Of(params string[] texts)
        {
            var hash = new TextHash(1);
            foreach (string text in texts)
                hash.Add(text);
            return hash.Value;
        }

        static ulong Folded(params string[] texts)
        {
            var hash = new TextHash(1);
            foreach (string text in texts)
                hash.AddFolded(text);
            return hash.Value;
        }

        string[][] different = [["ab", "c"], ["a", "bc"], ["abc", ""], ["", "abc"], ["abc"], ["abcd"], ["abcd\0"], ["Abc"], ["12345678"], ["12345679"]];
        Assert.AreEqual(different.Length, different.Select(Of).Distinct().Count());
        Assert.AreEqual(Of("ab", "c"), Of("ab", "c"));
        Assert.AreEqual(Folded("Grüße, Welt!", "x"), Folded("  grÜSSE".Replace("SS", "ß", StringComparison.Ordinal) + "welt", "X"));
        Assert.AreNotEqual(Folded("ab", "c"), Folded("a", "bc"));
        Assert.AreNotEqual(Folded("room 12"), Folded("room 13"));
    }
}
