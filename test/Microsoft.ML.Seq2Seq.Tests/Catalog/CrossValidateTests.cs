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

    [TestMethod]
    public void WhatAFoldWouldFailOnIsFoundBeforeAnyIsTrained()
    {
        int steps = 0;
        var trainer = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.Training.Progress = new Note<TrainingProgress>(_ => steps++)));
        var rows = Toy.View(Enumerable.Repeat(new Toy.Row { Source = "a", Target = "A" }, 20));

        Assert.Contains("of 3 has no rows: ", Assert.ThrowsExactly<InvalidOperationException>(
            () => _ml.Seq2Seq.CrossValidate(rows, trainer, numberOfFolds: 3, samplingKeyColumnName: "Source")).Message);
        Assert.Contains("'Tarqet'", Assert.Throws<ArgumentOutOfRangeException>(
            () => _ml.Seq2Seq.CrossValidate(Toy.View(Toy.Rows(40)), trainer, labelColumnName: "Tarqet")).Message);
        Assert.Contains("'Predicted'", Assert.Throws<ArgumentOutOfRangeException>(
            () => _ml.Seq2Seq.CrossValidate(Toy.View(Toy.Rows(40)), trainer, predictedColumnName: "Predicted")).Message);
        Assert.Contains("expected String, got Single", Assert.Throws<ArgumentOutOfRangeException>(
            () => _ml.Seq2Seq.CrossValidate(Toy.View(Toy.Rows(40)), trainer, predictedColumnName: "Score")).Message);
        Assert.Contains("expected String or Vector<String>, got Int32", Assert.Throws<ArgumentOutOfRangeException>(
            () => _ml.Seq2Seq.CrossValidate(Toy.View(Toy.Rows(40)), trainer, labelColumnName: "Number")).Message);
        Assert.Contains("MaxNgram", Assert.Throws<ArgumentOutOfRangeException>(
            () => _ml.Seq2Seq.CrossValidate(Toy.View(Toy.Rows(40)), trainer, options: new EvaluationOptions { MaxNgram = 0 })).Message);
        Assert.AreEqual(0, steps);
    }

    [TestMethod]
    public void AChainWithATrainerKeepsTheCheckpointsOfEachFoldApart()
    {
        using var folder = new TemporaryFolder();
        var trainer = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
            (options.Training.CheckpointDirectory, options.Training.TensorBoardDirectory) = (Path.Combine(folder.Path, "c"), Path.Combine(folder.Path, "t"))));
        var chain = _ml.Transforms.CopyColumns("Copy", "Source").Append(trainer);
        var seen = new List<TimeSpan>();
        for (int time = 0; time < 2; time++)
            foreach (var fold in _ml.Seq2Seq.CrossValidate(Toy.View(Toy.Rows(40)), chain, numberOfFolds: 2, seed: 3))
            {
                seen.Add(((TransformerChain<Seq2SeqTransformer>)fold.Model).LastTransformer.Report.Curve[0].Elapsed);
                ((IDisposable)fold.Model).Dispose();
            }

        string[] Folders(string kind) => [.. Directory.GetDirectories(Path.Combine(folder.Path, kind)).Select(path => Path.GetFileName(path)).Order()];
        CollectionAssert.AreEqual(new[] { "fold-0", "fold-1" }, Folders("c"));
        CollectionAssert.AreEqual(new[] { "fold-0", "fold-1" }, Folders("t"));
        // The second time each goes on from its end.
        CollectionAssert.AreEqual(seen[..2], seen[2..]);
    }
}
