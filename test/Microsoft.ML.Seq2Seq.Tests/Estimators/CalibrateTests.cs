using Microsoft.ML.Data;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class CalibrateTests
{
    private static readonly MLContext _ml = new(1);

    /// <summary>A model that is right in some rows and wrong in others.</summary>
    private static readonly Lazy<Seq2SeqTransformer> _halfTrained = new(() => _ml.Seq2Seq.Trainers.Transformer(
        Toy.Options(options => options.Training.MaxEpochs = 8)).Fit(Toy.View(Toy.Rows(800))));

    private static readonly Lazy<Seq2SeqTransformer> _calibrated = new(() => _ml.Seq2Seq.Calibrate(_halfTrained.Value, Toy.View(Distinct(400, seed: 5))));

    [TestMethod]
    public void ConfidencesComeCloserToTheTruthOnOtherRows()
    {
        var model = _calibrated.Value;
        var rows = Distinct(600, seed: 6);

        var metrics = _ml.Seq2Seq.EvaluateConfidence(model.Transform(Toy.View(rows)));

        var generations = model.Generate(rows.Select(row => row.Source!));
        var before = new ConfidenceMetrics(generations.Zip(rows, (generation, row) =>
            ((float)Math.Exp(generation.TokenScores.Sum(score => (double)score)), generation.Text == row.Target)), 0, 15);
        Assert.AreEqual(before.Accuracy, metrics.Accuracy);
        Assert.IsInRange(0.1, 0.9, metrics.Accuracy);
        Assert.IsLessThan(before.ExpectedCalibrationError, metrics.ExpectedCalibrationError);
        Assert.IsLessThan(before.BrierScore, metrics.BrierScore);
        Assert.IsLessThan(model.Calibration!.LogLossBefore, model.Calibration.LogLoss);
        Assert.AreEqual(400, model.Calibration.Rows);
        Assert.IsInRange(0.7, 1, metrics.AreaUnderRocCurve);
    }

    [TestMethod]
    public void ConfidenceIsTheSameInATableInTextAndInAnEngine()
    {
        var model = _calibrated.Value;
        var rows = Toy.Rows(20, seed: 7);

        float[] table = [.. model.Transform(Toy.View(rows)).GetColumn<float>("Confidence")];

        using var engine = _ml.Model.CreatePredictionEngine<Toy.Row, Sure>(model, new PredictionEngineOptions { OwnsTransformer = false });
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.IsInRange(0f, 1f, table[i]);
            Assert.AreEqual(table[i], model.Generate(rows[i].Source!).Confidence, 1e-4f);
            Assert.AreEqual(table[i], engine.Predict(rows[i]).Confidence, 1e-4f);
        }
        Assert.IsTrue(float.IsNaN(model.Generate("").Confidence));
    }

    [TestMethod]
    public void DoubtfulRowsCanBeFilteredOut()
    {
        var scored = _calibrated.Value.Transform(Toy.View(Distinct(300, seed: 9)));
        var metrics = _ml.Seq2Seq.EvaluateConfidence(scored);

        var point = metrics.AtAccuracy(Math.Min(0.95, metrics.Accuracy + 0.2))!;
        var kept = _ml.Data.FilterRowsByColumn(scored, "Confidence", lowerBound: point.Threshold);

        Assert.AreEqual(point.Accuracy, _ml.Seq2Seq.Evaluate(kept).ExactMatch, 1e-9);
        Assert.AreEqual(point.Rows, _ml.Seq2Seq.Evaluate(kept).Rows);
    }

    [TestMethod]
    public void ItTravelsWithTheSavedModelAloneAndInAChain()
    {
        var rows = Toy.View(Toy.Rows(10, seed: 8));
        float[] expected = [.. _calibrated.Value.Transform(rows).GetColumn<float>("Confidence")];
        var chain = _ml.Transforms.CopyColumns("Copy", "Source").Fit(rows).Append(_calibrated.Value)
            .Append(_ml.Transforms.CopyColumns("Sure", "Confidence").Fit(_calibrated.Value.Transform(rows)));

        foreach (var (model, column) in new (ITransformer, string)[] { (_calibrated.Value, "Confidence"), (chain, "Sure") })
        {
            using var file = new MemoryStream();
            _ml.Model.Save(model, rows.Schema, file);
            file.Position = 0;
            var loaded = new MLContext().Model.Load(file, out _);
            CollectionAssert.AreEqual(expected, loaded.Transform(rows).GetColumn<float>(column).ToArray());
            if (loaded is Seq2SeqTransformer alone)
                Assert.AreEqual(_calibrated.Value.Calibration, alone.Calibration);
            (loaded as IDisposable)?.Dispose();
        }
    }

    [TestMethod]
    public void ItStaysWithOtherDecodingAndIsThereForEachHypothesis()
    {
        using var model = _calibrated.Value.WithDecoding(new DecodingOptions { NumberOfHypotheses = 3 });

        var generation = model.Generate("abcdef");

        Assert.AreEqual(_calibrated.Value.Calibration, model.Calibration);
        Assert.HasCount(3, generation.Hypotheses);
        Assert.AreEqual(generation.Confidence, generation.Hypotheses[0].Confidence);
        Assert.IsTrue(generation.Hypotheses.All(hypothesis => hypothesis.Confidence is >= 0 and <= 1));
        CollectionAssert.IsSubsetOf(new[] { "Confidence", "Hypotheses" },
            model.GetOutputSchema(Toy.View([]).Schema).Select(column => column.Name).ToArray());
    }

    [TestMethod]
    public void AnUncalibratedModelHasNone()
    {
        Assert.IsNull(Toy.Model.Calibration);
        Assert.IsTrue(float.IsNaN(Toy.Model.Generate("abc").Confidence));
        Assert.IsNull(Toy.Model.GetOutputSchema(Toy.View([]).Schema).GetColumnOrNull("Confidence"));
    }

    [TestMethod]
    public void ALowerBarForRightGivesHigherConfidences()
    {
        var rows = Toy.View(Distinct(400, seed: 5));
        var options = new CalibrationOptions { ChrFThreshold = 20, ConfidenceColumnName = "Sure", Method = CalibrationMethod.Logistic };

        using var lenient = _ml.Seq2Seq.Calibrate(_halfTrained.Value, rows, options: options);

        Assert.IsGreaterThan(_calibrated.Value.Calibration!.RightRows, lenient.Calibration!.RightRows);
        Assert.AreEqual(CalibrationMethod.Logistic, lenient.Calibration.Method);
        var metrics = _ml.Seq2Seq.EvaluateConfidence(lenient.Transform(rows), confidenceColumnName: "Sure", chrFThreshold: 20);
        Assert.AreEqual(lenient.Calibration.RightRows / 400.0, metrics.Accuracy, 1e-9);
        Assert.AreEqual(metrics.Accuracy, metrics.MeanConfidence, 0.02);
    }

    [TestMethod]
    public void DataThatTeachesNothingIsAClearError()
    {
        var rows = Toy.Rows(100, seed: 5);
        string Fails(IEnumerable<Toy.Row> given, CalibrationOptions? options = null) => Assert.Throws<InvalidOperationException>(
            () => _ml.Seq2Seq.Calibrate(_halfTrained.Value, Toy.View(given), options: options)).Message;

        StringAssert.Contains(Fails(rows.Take(29)), "29 rows");
        StringAssert.Contains(Fails([]), "0 rows");
        StringAssert.Contains(Fails(rows.Select(row => new Toy.Row { Source = "", Target = row.Target })), "0 rows");
        StringAssert.Contains(Fails(rows.Select(row => new Toy.Row { Source = row.Source, Target = "no such text" })), "None of the 100");
        StringAssert.Contains(Fails(_halfTrained.Value.Generate(rows.Select(row => row.Source!))
            .Zip(rows, (generation, row) => new Toy.Row { Source = row.Source, Target = generation.Text })), "All of the 100");
    }

    [TestMethod]
    public void AConfidenceHidesNoOtherColumnAndNoneHidesIt()
    {
        var rows = Toy.View(Distinct(100, seed: 7));
        using var scored = _halfTrained.Value.WithDecoding(new DecodingOptions { OutputTokenScores = true });
        StringAssert.StartsWith(Assert.Throws<ArgumentException>(
            () => _ml.Seq2Seq.Calibrate(scored, rows, options: new() { ConfidenceColumnName = "TokenScores" })).Message, "ConfidenceColumnName");

        using var calibrated = _ml.Seq2Seq.Calibrate(_halfTrained.Value, rows, options: new() { ConfidenceColumnName = "TokenScores" });
        StringAssert.StartsWith(Assert.Throws<ArgumentException>(
            () => calibrated.WithDecoding(new DecodingOptions { OutputTokenScores = true })).Message, "ConfidenceColumnName");
    }

    [TestMethod]
    public void BadOptionsAndColumnsAreNamed()
    {
        var rows = Toy.View(Toy.Rows(40));
        string Fails(CalibrationOptions? options = null, string label = "Target") => Assert.Throws<ArgumentException>(
            () => _ml.Seq2Seq.Calibrate(_halfTrained.Value, rows, label, options)).Message;

        StringAssert.Contains(Fails(new() { ChrFThreshold = 101 }), "ChrFThreshold is 101");
        StringAssert.Contains(Fails(new() { Method = (CalibrationMethod)9 }), "Method is 9");
        StringAssert.Contains(Fails(new() { ConfidenceColumnName = "Score" }), "ConfidenceColumnName is \"Score\"");
        StringAssert.Contains(Fails(new() { ConfidenceColumnName = "half a pair: \ud83d" }), "ConfidenceColumnName is");
        StringAssert.Contains(Fails(label: "Number"), "'Number'");
        var scored = _calibrated.Value.Transform(rows);
        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(
            () => _ml.Seq2Seq.EvaluateConfidence(scored, confidenceColumnName: "Number")).Message, "'Number'");
        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Seq2Seq.EvaluateConfidence(scored, bins: 0)).Message, "bins is 0");
        StringAssert.Contains(Assert.Throws<InvalidOperationException>(
            () => _ml.Seq2Seq.EvaluateConfidence(scored, confidenceColumnName: "Score")).Message, "a confidence is 0 to 1");
    }

    /// <summary>Rows that don't repeat: a text of a letter or two would be counted many times.</summary>
    private static Toy.Row[] Distinct(int count, int seed) =>
        [.. Toy.Rows(3 * count, seed).Where(row => row.Source!.Length > 3).DistinctBy(row => row.Source).Take(count)];

    private sealed class Sure
    {
        public float Confidence { get; set; }
    }
}
