using Microsoft.ML.Seq2Seq.Evaluation;

namespace Microsoft.ML.Seq2Seq.Tests.Evaluation;

[TestClass]
public sealed class ConfidenceTests
{
    private static readonly (float, bool)[] _six =
        [(0.95f, true), (0.9f, true), (0.85f, false), (0.45f, true), (0.4f, false), (0.1f, false)];

    [TestMethod]
    public void MetricsAreThoseOfAHandCalculation()
    {
        var metrics = new ConfidenceMetrics(_six, skippedRows: 2, bins: 5);

        // The float 0.4 is a little more than 0.4, so it shares a bin with 0.45.
        CollectionAssert.AreEqual(new[] { 1, 0, 2, 0, 3 }, metrics.Bins.Select(bin => bin.Rows).ToArray());
        // (1·|0 - 0.1| + 2·|0.5 - 0.425| + 3·|2/3 - 0.9|) / 6
        Assert.AreEqual((0.1 + 0.15 + 0.7) / 6, metrics.ExpectedCalibrationError, 1e-7);
        // (0.05² + 0.1² + 0.85² + 0.55² + 0.4² + 0.1²) / 6
        Assert.AreEqual((0.0025 + 0.01 + 0.7225 + 0.3025 + 0.16 + 0.01) / 6, metrics.BrierScore, 1e-7);
        // Of 9 pairs of a right and a wrong row only 0.45 < 0.85 is in the wrong order.
        Assert.AreEqual(8.0 / 9, metrics.AreaUnderRocCurve, 1e-12);
        Assert.AreEqual(0.5, metrics.Accuracy);
        Assert.AreEqual(3.65 / 6, metrics.MeanConfidence, 1e-7);
        Assert.AreEqual(6, metrics.Rows);
        Assert.AreEqual(2, metrics.SkippedRows);
    }

    [TestMethod]
    public void ABinHoldsItsUpperEndAndTheFirstHoldsZero()
    {
        var metrics = new ConfidenceMetrics([(0, false), (0.25f, true), (0.5f, true), (1, true)], 0, bins: 4);

        CollectionAssert.AreEqual(new[] { 2, 1, 0, 1 }, metrics.Bins.Select(bin => bin.Rows).ToArray());
        Assert.IsTrue(double.IsNaN(metrics.Bins[2].Accuracy) && double.IsNaN(metrics.Bins[2].MeanConfidence));
    }

    [TestMethod]
    public void TiesCountHalfInTheAreaUnderTheCurve()
    {
        var metrics = new ConfidenceMetrics([(0.5f, true), (0.5f, false), (0.5f, true), (0.2f, false)], 0, 15);

        Assert.AreEqual((0.5 + 0.5 + 1 + 1) / 4, metrics.AreaUnderRocCurve, 1e-12);
        Assert.IsTrue(double.IsNaN(new ConfidenceMetrics([(0.5f, true), (0.4f, true)], 0, 15).AreaUnderRocCurve));
    }

    [TestMethod]
    public void FewerRowsAreKeptAtAHigherThreshold()
    {
        var metrics = new ConfidenceMetrics(_six, 0, 15);

        Assert.AreEqual(new CoveragePoint(1, 6, 0.1f, 0.5), metrics.Coverage[0]);
        Assert.AreEqual(new CoveragePoint(0.5, 3, 0.85f, 2.0 / 3), metrics.Coverage[10]);
        Assert.AreEqual(new CoveragePoint(1.0 / 6, 1, 0.95f, 1), metrics.Coverage[^1]);
    }

    [TestMethod]
    public void TheThresholdForAnAccuracyKeepsAsManyRowsAsCanBe()
    {
        var metrics = new ConfidenceMetrics(_six, 0, 15);

        Assert.AreEqual(new CoveragePoint(2.0 / 6, 2, 0.9f, 1), metrics.AtAccuracy(1));
        Assert.AreEqual(4, metrics.AtAccuracy(0.75)!.Rows); // 3 of 4, though 3 rows reach less
        Assert.AreEqual(6, metrics.AtAccuracy(0.5)!.Rows);
        Assert.IsNull(new ConfidenceMetrics([(0.9f, false), (0.5f, true)], 0, 15).AtAccuracy(0.9));
        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => metrics.AtAccuracy(1.1)).Message, "accuracy is 1.1");
    }

    [TestMethod]
    public void AThresholdIsFoundForEveryAccuracyThatThereIs()
    {
        // 29 / 35 · 35 is a little more than 29.
        for (int rows = 1; rows < 60; rows++)
        {
            for (int right = 0; right <= rows; right++)
            {
                var metrics = new ConfidenceMetrics(Enumerable.Range(0, rows).Select(i => (i / 100f, i < right)), 0, 15);
                Assert.AreEqual(rows, metrics.AtAccuracy(metrics.Accuracy)?.Rows);
            }
        }
    }

    [TestMethod]
    public void RowsOfOneConfidenceStayTogether()
    {
        var metrics = new ConfidenceMetrics([(0.9f, true), (0.5f, true), (0.5f, false), (0.5f, false), (0.1f, false)], 0, 15);

        Assert.AreEqual(new CoveragePoint(0.2, 1, 0.9f, 1), metrics.AtAccuracy(0.6));
        CollectionAssert.AreEqual(new[] { 5, 4, 1 }, metrics.Coverage.Select(point => point.Rows).Distinct().ToArray());
    }

    [TestMethod]
    public void TheTablesCanBeRead()
    {
        string text = new ConfidenceMetrics(_six, 0, 5).ToString();

        foreach (string part in new[] { "calibration error 0.1583", "0.800 to 1.000", " 0.9000    0.6667", " 50.0 %", "0.8500    0.6667", "AUROC 0.8889" })
            StringAssert.Contains(text, part);
    }

    [TestMethod]
    [DataRow(0.5)]
    [DataRow(3.0)]
    public void TheTemperatureThatMadeTheModelWrongIsFound(double temperature)
    {
        var rows = Rows(20_000, (random, _) => Math.Log(random.NextDouble()), sum => Math.Exp(sum / temperature));

        var calibration = ConfidenceFit.Fit(rows, CalibrationMethod.Temperature, "c");

        Assert.AreEqual(temperature, 1 / calibration.SumWeight, 0.05 * temperature);
        Assert.IsLessThan(Error(ConfidenceCalibration.None, rows) / 4, Error(calibration, rows));
        Assert.IsLessThan(calibration.LogLossBefore, calibration.LogLoss);
        // The optimum: a step to either side is worse.
        foreach (double factor in new[] { 0.99, 1.01 })
            Assert.IsGreaterThan(calibration.LogLoss, ConfidenceFit.LogLoss(calibration with { SumWeight = calibration.SumWeight * factor }, rows));
    }

    [TestMethod]
    public void TheLogisticFormulaThatMadeTheLabelsIsFound()
    {
        var rows = Rows(50_000, (random, tokens) => -tokens * random.NextDouble(), Truth);

        var calibration = ConfidenceFit.Fit(rows, CalibrationMethod.Auto, "c");

        Assert.AreEqual(CalibrationMethod.Logistic, calibration.Method);
        foreach (var row in rows.Take(1000))
            Assert.AreEqual(Truth(row.LogProbability, row.Tokens), calibration.Of(row.LogProbability, row.Tokens), 0.03);
        Assert.IsLessThan(0.01, Error(calibration, rows));

        static double Truth(double sum, int tokens) =>
            1 / (1 + Math.Exp(-((0.2 * sum) + (3 * sum / tokens) - (0.5 * Math.Log(1 - Math.Exp(sum))) + 2)));
    }

    [TestMethod]
    public void OneParameterIsEnoughWhereTheModelIsHonest()
    {
        var rows = Rows(2000, (random, _) => Math.Log(random.NextDouble()), Math.Exp);

        var calibration = ConfidenceFit.Fit(rows, CalibrationMethod.Auto, "c");

        Assert.AreEqual(CalibrationMethod.Temperature, calibration.Method);
        Assert.AreEqual(1, calibration.SumWeight, 0.1);
    }

    [TestMethod]
    public void RowsThatAThresholdSeparatesGiveAFiniteFit()
    {
        var rows = Enumerable.Range(0, 40).Select(i => new ConfidenceRow(-i / 10.0, 5, i < 20)).ToArray();
        // Every row alike, features that say the same, and a probability of 1 for a wrong row.
        var constant = Enumerable.Range(0, 40).Select(i => new ConfidenceRow(0, 1, i % 2 == 0)).ToArray();

        foreach (var method in Enum.GetValues<CalibrationMethod>())
        {
            var separated = ConfidenceFit.Fit(rows, method, "c");
            separated.Validate();
            Assert.IsGreaterThan(separated.Of(-3, 5), separated.Of(-0.5, 5));
            var flat = ConfidenceFit.Fit(constant, method, "c");
            flat.Validate();
            Assert.AreEqual(0.5, flat.Of(0, 1), 0.01);
        }
    }

    [TestMethod]
    public void NoRowIsTrustedLessForAHigherProbability()
    {
        for (int seed = 0; seed < 30; seed++)
        {
            // Long rows, which a mean log-probability makes right.
            var random = new Random(seed);
            var rows = Enumerable.Range(0, 200).Select(_ => (Mean: -0.25 - (0.5 * random.NextDouble()), Tokens: random.Next(40, 150)))
                .Select(row => new ConfidenceRow(row.Mean * row.Tokens, row.Tokens, random.NextDouble() < ConfidenceCalibration.Sigmoid(10 * (row.Mean + 0.5))))
                .ToArray();

            var calibration = ConfidenceFit.Fit(rows, CalibrationMethod.Logistic, "c");

            foreach (int tokens in new[] { 1, 20, 100, 1000 })
            {
                double[] confidences = [.. Enumerable.Range(0, 2000).Select(i => calibration.Of((i - 1999) / 10.0, tokens))];
                CollectionAssert.AreEqual(confidences.Order().ToArray(), confidences, $"seed {seed}, {tokens} tokens");
            }
        }
    }

    [TestMethod]
    [DataRow(-9.0, 3.0)]
    [DataRow(-5.0, 5.0)]
    [DataRow(-2.3, 0.0)]
    [DataRow(-1e-5, 0.0)]
    public void RowsMuchAlikeSayLittleOfSurerOnes(double least, double range)
    {
        for (int seed = 0; seed < 30; seed++)
        {
            // Right by chance, so that whatever tells them apart is chance, too.
            var random = new Random(seed);
            var rows = Enumerable.Range(0, 300)
                .Select(_ => new ConfidenceRow(least - (range * random.NextDouble()), 7, random.NextDouble() < 0.5)).ToArray();

            var calibration = ConfidenceFit.Fit(rows, CalibrationMethod.Logistic, "c");

            Assert.IsInRange(0.4, 0.99, calibration.Of(Math.Max(least, -0.5), 7));
        }
    }

    [TestMethod]
    public void NothingWrittenIsNotTrusted() =>
        Assert.AreEqual(0, ConfidenceCalibration.None.Of(double.NegativeInfinity, 0));

    private static ConfidenceRow[] Rows(int count, Func<Random, int, double> sum, Func<double, double> right) =>
        Rows(count, sum, (value, _) => right(value));

    private static ConfidenceRow[] Rows(int count, Func<Random, int, double> sum, Func<double, int, double> right)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            int tokens = random.Next(1, 30);
            double value = sum(random, tokens);
            return new ConfidenceRow(value, tokens, random.NextDouble() < right(value, tokens));
        })];
    }

    private static double Error(ConfidenceCalibration calibration, ConfidenceRow[] rows) => new ConfidenceMetrics(
        rows.Select(row => ((float)calibration.Of(row.LogProbability, row.Tokens), row.IsRight)), 0, 15).ExpectedCalibrationError;
}
