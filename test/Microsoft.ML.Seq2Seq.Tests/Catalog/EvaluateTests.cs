using Microsoft.ML.Seq2Seq.Tests.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Catalog;

[TestClass]
public sealed class EvaluateTests
{
    private static readonly MLContext _ml = new(1);

    [TestMethod]
    public void PerplexityAndTokenAccuracyAreThoseOfTheReferences()
    {
        var rows = Toy.Rows(1500, seed: 9); // more than one window

        var metrics = _ml.Seq2Seq.Evaluate(Toy.Model.Transform(Toy.View(rows)), Toy.Model);

        // Characters are tokens here, and the end is one more.
        double tokens = rows.Sum(row => row.Target!.Length + 1);
        double logProbability = Toy.Model.Score(rows.Select(row => (row.Source!, row.Target!))).Sum(score => (double)score);
        Assert.AreEqual(Math.Exp(-logProbability / tokens), metrics.Perplexity, 1e-4);
        Assert.IsInRange(0.9, 1, metrics.TokenAccuracy);
        Assert.IsInRange(1, 1.5, metrics.Perplexity);
    }

    [TestMethod]
    public void WithoutAModelTheyAreNotANumber()
    {
        var metrics = _ml.Seq2Seq.Evaluate(Toy.Model.Transform(Toy.View(Toy.Rows(5))));

        Assert.IsTrue(double.IsNaN(metrics.Perplexity) && double.IsNaN(metrics.TokenAccuracy));
    }

    [TestMethod]
    public void SeveralReferencesAreAVectorColumn()
    {
        var rows = new[]
        {
            new Scored { PredictedTarget = "a good day", Target = ["a fine day", "a good day"] },
            new Scored { PredictedTarget = "other words", Target = ["none of these", "nor those"] },
        };

        var metrics = _ml.Seq2Seq.Evaluate(_ml.Data.LoadFromEnumerable(rows));

        Assert.AreEqual(0.5, metrics.ExactMatch);
        StringAssert.Contains(metrics.BleuSignature, "nrefs:2");
    }

    [TestMethod]
    public void ReferencesThatAreMissingDoNotCount()
    {
        Scored[] rows =
        [
            new() { PredictedTarget = "", Target = ["no answer", ""], Confidence = 0.5f },
            new() { PredictedTarget = "a good day", Target = ["a fine day", "a good day"], Confidence = 0.5f },
            new() { PredictedTarget = "", Target = [null, ""], Confidence = 0.5f },
        ];
        var data = _ml.Data.LoadFromEnumerable(rows);

        var metrics = _ml.Seq2Seq.Evaluate(data);

        string?[][] references = [["no answer"], ["a fine day", "a good day"], [null]];
        double Estimate(EvaluationMetric metric) =>
            Seq2SeqSignificance.Estimate([.. rows.Select(row => row.PredictedTarget)], references, new() { Metric = metric, Resamples = 1 }).Score;
        Assert.AreEqual(Estimate(EvaluationMetric.Ter), metrics.Ter);
        Assert.AreEqual(Estimate(EvaluationMetric.Bleu), metrics.Bleu);
        Assert.AreEqual(2 / 3.0, metrics.ExactMatch, 1e-12);
        StringAssert.Contains(metrics.BleuSignature, "nrefs:var");
        Assert.AreEqual(2 / 3.0, _ml.Seq2Seq.EvaluateConfidence(data).Accuracy, 1e-12);
    }

    [TestMethod]
    public void MissingAndWrongColumnsAndNoRowsAreClearErrors()
    {
        var scored = Toy.Model.Transform(Toy.View(Toy.Rows(3)));

        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Seq2Seq.Evaluate(scored, "Tarmac")).Message, "'Tarmac'");
        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Seq2Seq.Evaluate(scored, "Number")).Message, "'Number'");
        StringAssert.Contains(
            Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Seq2Seq.Evaluate(scored, predictedColumnName: "Score")).Message, "'Score'");
        Assert.Throws<InvalidOperationException>(() => _ml.Seq2Seq.Evaluate(Toy.Model.Transform(Toy.View([]))));
        var options = new EvaluationOptions { MaxNgram = 0 };
        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Seq2Seq.Evaluate(scored, options: options)).Message, "MaxNgram");
    }

    private sealed class Scored
    {
        public string PredictedTarget { get; set; } = "";

        [Data.VectorType(2)]
        public string?[] Target { get; set; } = [];

        public float Confidence { get; set; }
    }
}
