using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Tests.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Catalog;

[TestClass]
public sealed class CrossValidateTests
{
    private static readonly MLContext _ml = new(1);

    [TestMethod]
    public void EachRowIsMeasuredOnceByAModelThatNeverSawIt()
    {
        var rows = Toy.Rows(60).DistinctBy(row => row.Source).ToArray();

        var folds = _ml.Seq2Seq.CrossValidate(Toy.View(rows), _ml.Seq2Seq.Trainers.Transformer(Toy.Brief()), numberOfFolds: 3);

        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, folds.Select(fold => fold.Fold).ToArray());
        Assert.AreEqual(rows.Length, folds.Sum(fold => fold.Metrics.Rows));
        CollectionAssert.AreEquivalent(
            rows.Select(row => row.Source).ToArray(), folds.SelectMany(fold => fold.ScoredHoldOutSet.GetColumn<string>("Source")).ToArray());
        foreach (var fold in folds)
        {
            var report = ((Seq2SeqTransformer)fold.Model).Report;
            Assert.AreEqual(rows.Length - fold.Metrics.Rows, report.Data.TrainingRows + report.Data.ValidationRows);
            Assert.AreEqual(_ml.Seq2Seq.Evaluate(fold.ScoredHoldOutSet).ChrF, fold.Metrics.ChrF);
            ((IDisposable)fold.Model).Dispose();
        }
    }

    [TestMethod]
    public void RowsOfOneKeyStayTogether()
    {
        var rows = Toy.Rows(10).SelectMany(row => Enumerable.Repeat(row, 4)).ToArray();

        var folds = _ml.Seq2Seq.CrossValidate(
            Toy.View(rows), _ml.Seq2Seq.Trainers.Transformer(Toy.Brief()), numberOfFolds: 2, samplingKeyColumnName: "Source");

        string[][] sources = [.. folds.Select(fold => fold.ScoredHoldOutSet.GetColumn<string>("Source").Distinct().ToArray())];
        Assert.IsEmpty(sources[0].Intersect(sources[1]).ToArray());
        foreach (var fold in folds)
            ((IDisposable)fold.Model).Dispose();
    }

    [TestMethod]
    public void OneFoldIsRefusedByName() =>
        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Seq2Seq.CrossValidate(
            Toy.View(Toy.Rows(4)), _ml.Seq2Seq.Trainers.Transformer(Toy.Brief()), numberOfFolds: 1)).Message, "numberOfFolds");
}
