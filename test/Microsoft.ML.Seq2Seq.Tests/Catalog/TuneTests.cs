using Microsoft.ML.Seq2Seq.Tests.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Catalog;

[TestClass]
public sealed class TuneTests
{
    private static readonly MLContext _ml = new(3);

    [TestMethod]
    public void GoodTrialsGoOnFromWhereTheyStoodAndTheOutcomeDependsOnTheSeedAlone()
    {
        using var first = _ml.Seq2Seq.Tune(Toy.View(Toy.Rows(80)), Timeout.InfiniteTimeSpan, Brief());
        using var second = new MLContext(3).Seq2Seq.Tune(Toy.View(Toy.Rows(80)), TimeSpan.FromHours(1), Brief());

        // 4 trials of 3 steps, the best 2 to 6, the best to 12.
        CollectionAssert.AreEqual(new long[] { 3, 3, 6, 12 }, first.Trials.Select(trial => trial.Steps).Order().ToArray());
        CollectionAssert.AreEquivalent(new[] { 1, 1, 2, 3 }, first.Trials.Select(trial => trial.Rungs).ToArray());
        CollectionAssert.AreEqual(
            new[] { 3, 6, 12 }, first.BestModel.Report.Curve.Select(point => (int)point.Step).Intersect([3, 6, 12]).ToArray());
        Assert.AreEqual(12, first.BestModel.Report.Steps);
        CollectionAssert.AreEqual(first.Trials.Select(trial => trial.Score).Order().ToArray(), first.Trials.Select(trial => trial.Score).ToArray());
        CollectionAssert.AreEqual(Lines(first), Lines(second));
        Assert.AreEqual(first.BestModel.Generate("abc").Score, second.BestModel.Generate("abc").Score);
        Assert.AreEqual(1, first.Trials.Count(trial => trial.StopReason == "place 2 of 2 on rung 2"));

        static string[] Lines(TuningResult result) => [.. result.Trials.Select(trial => $"{trial.Number} {trial} {trial.Score:R} {trial.Steps}")];
    }

    [TestMethod]
    public void TheBestSettingsAreThoseOfTheFirstOfTheTable()
    {
        using var result = _ml.Seq2Seq.Tune(Toy.View(Toy.Rows(80)), Timeout.InfiniteTimeSpan, Brief());

        var best = result.Trials[0];
        Assert.AreEqual(best.Dropout, result.BestOptions.Architecture.Dropout);
        Assert.AreEqual(best.LearningRate, result.BestOptions.Training.LearningRate);
        Assert.AreEqual(best.WarmupSteps, result.BestOptions.Training.WarmupSteps);
        Assert.AreEqual(Brief().Trainer.Training.MaxEpochs, result.BestOptions.Training.MaxEpochs);
        string table = result.ToString();
        StringAssert.Contains(table, "4 trials by CharacterLoss");
        StringAssert.Contains(table, best.Score.ToString("F4", System.Globalization.CultureInfo.InvariantCulture));
        // The score is the model's loss on the rows held out: all are read the same way.
        Assert.IsInRange(0.1, 10, best.Score);
    }

    [TestMethod]
    public void OfEqualScoresTheModelIsTheLongestTrained()
    {
        using var result = _ml.Seq2Seq.Tune(
            Toy.View(Toy.Rows(80)), Timeout.InfiniteTimeSpan, Brief(options => options.Metric = TuningMetric.ExactMatch));

        Assert.IsTrue(result.Trials.All(trial => trial.Score == 0));
        Assert.AreEqual(12, result.Trials[0].Steps);
        Assert.AreEqual(12, result.BestModel.Report.Steps);
        Assert.AreEqual(result.Trials[0].LearningRate, result.BestOptions.Training.LearningRate);
    }

    [TestMethod]
    public void ATrialThatFailsGoesNoFurther()
    {
        var climbs = new List<(int Trial, int Rung)>();
        using var result = _ml.Seq2Seq.Tune(Toy.View(Toy.Rows(80)), Timeout.InfiniteTimeSpan, Brief(options =>
        {
            options.Metric = TuningMetric.ExactMatch; // all alike, so that the first trial stays the best
            options.Progress = new Note<TuningProgress>(progress =>
            {
                if (progress is { IsMeasured: false, Training: null })
                    climbs.Add((progress.Trial.Number, progress.Rung));
                if (progress is { Trial.Number: 1, Rung: 2, Training: not null })
                    throw new InvalidOperationException("The gradient is not finite.");
            });
        }));

        CollectionAssert.AreEqual(new[] { (1, 1), (2, 1), (3, 1), (4, 1), (1, 2), (2, 2), (2, 3) }, climbs);
        Assert.AreEqual("The gradient is not finite.", result.Trials.Single(trial => trial.Number == 1).StopReason);
        Assert.AreEqual(12, result.BestModel.Report.Steps);
    }

    [TestMethod]
    public void TheScoreIsTheNegativeLogLikelihoodOfACharacter()
    {
        var validation = Toy.Rows(30, seed: 4);
        using var result = _ml.Seq2Seq.Tune(Toy.View(Toy.Rows(80)), Timeout.InfiniteTimeSpan, Brief(options =>
        {
            options.MaxTrials = 1;
            options.Trainer.ValidationSet = Toy.View(validation);
        }));

        double sum = -result.BestModel.Score(validation.Select(row => (row.Source!, row.Target!))).Sum(score => (double)score);
        Assert.AreEqual(sum / validation.Sum(row => row.Target!.Length + 1), result.Trials[0].Score, 1e-4);
    }

    [TestMethod]
    public void TheBudgetIsKept()
    {
        var reported = new List<TuningProgress>();
        var options = Brief(options =>
        {
            options.StepsPerTrial = null;
            options.MaxTrials = null;
            options.Progress = new Note<TuningProgress>(reported.Add);
        });

        using var result = _ml.Seq2Seq.Tune(Toy.View(Toy.Rows(200)), TimeSpan.FromSeconds(4), options);

        // Other work on the machine makes the last step and validation longer, not the search.
        Assert.IsInRange(TimeSpan.Zero, TimeSpan.FromSeconds(12), result.Duration);
        Assert.IsGreaterThanOrEqualTo(3, result.Trials.Count);
        Assert.IsFalse(result.Trials.Any(trial => trial.StopReason.Length == 0));
        Assert.IsGreaterThan(0, result.Trials[0].Steps);
        Assert.IsTrue(reported.Any(progress => progress.IsMeasured) && reported.Any(progress => progress.Training is not null));
        Assert.IsTrue(reported.Zip(reported.Skip(1)).All(pair => pair.First.FractionDone <= pair.Second.FractionDone));
    }

    [TestMethod]
    public void AVocabularyThatTakesTooLongIsGivenUp()
    {
        int readings = 0, rowsRead = 0;
        IEnumerable<Toy.Row> Rows()
        {
            bool isSlow = ++readings > 1;
            foreach (var row in Toy.Rows(200))
            {
                rowsRead++;
                if (isSlow)
                    Thread.Sleep(100);
                yield return row;
            }
        }

        using var result = _ml.Seq2Seq.Tune(Toy.View(Rows()), TimeSpan.FromSeconds(6), Brief(options =>
        {
            options.MaxTrials = 2;
            options.Trainer.Tokenization = new SubwordOptions { VocabularySize = 400 };
            options.VocabularySizes = [300];
        }));

        Assert.AreEqual("budget spent before it began", result.Trials[1].StopReason);
        Assert.AreEqual(2, readings);
        Assert.IsInRange(201, 399, rowsRead);
    }

    [TestMethod]
    public void AHopelessBudgetStillGivesAModel()
    {
        using var result = _ml.Seq2Seq.Tune(
            Toy.View(Toy.Rows(40)), TimeSpan.FromMilliseconds(1), Brief(options => options.StepsPerTrial = null));

        Assert.AreEqual(1, result.Trials[0].Number);
        Assert.AreEqual("budget spent", result.Trials[0].StopReason);
        Assert.IsTrue(result.Trials.Skip(1).All(trial => trial.StopReason == "budget spent before it began" && double.IsNaN(trial.Score)));
    }

    [TestMethod]
    public void CancellationGivesTheBestSoFar()
    {
        using var stop = new CancellationTokenSource();
        var options = Brief(options =>
        {
            options.CancellationToken = stop.Token;
            options.Progress = new Note<TuningProgress>(progress =>
            {
                if (progress is { IsMeasured: true, Trial.Number: 2 })
                    stop.Cancel();
            });
        });

        using var result = _ml.Seq2Seq.Tune(Toy.View(Toy.Rows(40)), Timeout.InfiniteTimeSpan, options);

        Assert.AreEqual(2, result.Trials.Count(trial => !double.IsNaN(trial.Score)));
        Assert.AreEqual(result.Trials[0].Steps, result.BestModel.Report.Steps);
        Assert.Throws<OperationCanceledException>(() => _ml.Seq2Seq.Tune(Toy.View(Toy.Rows(40)), Timeout.InfiniteTimeSpan, options));
    }

    [TestMethod]
    public void CancellationIsHeardWhileRowsAreRead()
    {
        using var stop = new CancellationTokenSource();
        int read = 0;
        var rows = Toy.Rows(1000).Select(row =>
        {
            if (++read == 10)
                stop.Cancel();
            return row;
        });

        Assert.Throws<OperationCanceledException>(() => _ml.Seq2Seq.Tune(
            Toy.View(rows), Timeout.InfiniteTimeSpan, Brief(options => options.CancellationToken = stop.Token)));
        Assert.IsInRange(10, 20, read);
    }

    [TestMethod]
    public void SettingsThatDivergeRankLast()
    {
        using var result = _ml.Seq2Seq.Tune(Toy.View(Toy.Rows(40)), Timeout.InfiniteTimeSpan, Brief(options =>
        {
            options.MaxTrials = 2;
            options.MinimumLearningRate = options.MaximumLearningRate = 1e30;
        }));

        Assert.AreEqual(1, result.Trials[0].Number);
        Assert.IsTrue(double.IsNaN(result.Trials[1].Score));
    }

    [TestMethod]
    public void MetricsOfOutputsRankTheHighestFirst()
    {
        using var result = _ml.Seq2Seq.Tune(Toy.View(Toy.Rows(60)), Timeout.InfiniteTimeSpan, Brief(options => options.Metric = TuningMetric.ChrF));

        double[] scores = [.. result.Trials.Select(trial => trial.Score)];
        CollectionAssert.AreEqual(scores.OrderDescending().ToArray(), scores);
        Assert.IsInRange(0, 100, scores[0]);
    }

    [TestMethod]
    public void NothingIsLeftBehind()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            var ml = new MLContext(1) { TempFilePath = folder };
            bool wasUsed = false;
            var progress = new Note<TuningProgress>(_ => wasUsed |= Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Any());

            ml.Seq2Seq.Tune(Toy.View(Toy.Rows(40)), Timeout.InfiniteTimeSpan, Brief(options => options.Progress = progress)).Dispose();

            Assert.IsTrue(wasUsed);
            Assert.IsEmpty(Directory.EnumerateFileSystemEntries(folder).ToArray());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void KeysKeepTheirVocabulary()
    {
        var subwords = new SubwordOptions { Kind = SubwordKind.Character };
        var rows = Toy.View(Toy.Rows(60));
        var keys = _ml.Transforms.Text.LearnSubwords("Source", options: subwords)
            .Append(_ml.Transforms.Text.LearnSubwords("Target", options: subwords)).Fit(rows).Transform(rows);

        using var result = _ml.Seq2Seq.Tune(keys, Timeout.InfiniteTimeSpan, Brief(options =>
        {
            options.Trainer.Tokenization = new SubwordOptions { SharedVocabulary = false };
            options.Trainer.Architecture.ShareEmbeddings = options.Architectures[0].ShareEmbeddings = EmbeddingSharing.DecoderInputOutput;
        }));

        Assert.HasCount(1, result.Trials.Select(trial => trial.VocabularySize).Distinct().ToArray());
        Assert.IsFalse(result.Trials.Any(trial => double.IsNaN(trial.Score)));
    }

    [TestMethod]
    public void BadOptionsAreNamed()
    {
        string Fails(Action<TuningOptions> change, TimeSpan? budget = null) => Assert.Throws<ArgumentException>(
            () => _ml.Seq2Seq.Tune(Toy.View(Toy.Rows(10)), budget ?? TimeSpan.FromSeconds(1), Brief(change))).Message;

        StringAssert.Contains(Fails(_ => { }, TimeSpan.Zero), "budget is 00:00:00");
        StringAssert.Contains(Fails(options => options.StepsPerTrial = null, Timeout.InfiniteTimeSpan), "budget is -00:00:00.001");
        StringAssert.Contains(Fails(options => options.Trainer.ValidationFraction = 0), "ValidationFraction is 0");
        StringAssert.Contains(Fails(options => options.Architectures = []), "Architectures is 0");
        StringAssert.Contains(Fails(options => options.VocabularySizes = [1]), "VocabularySize is 1");
        StringAssert.Contains(Fails(options => options.MaximumDropout = 1), "MaximumDropout is 1");
        StringAssert.Contains(Fails(options => options.MinimumDropout = 0.5), "MaximumDropout is 0.4");
        StringAssert.Contains(Fails(options => options.MinimumLearningRate = 0), "MinimumLearningRate is 0");
        StringAssert.Contains(Fails(options => options.MaxTrials = 0), "MaxTrials is 0");
        StringAssert.Contains(Fails(options => options.StepsPerTrial = 0), "StepsPerTrial is 0");
        StringAssert.Contains(Fails(options => options.Reduction = 1), "Reduction is 1");
        StringAssert.Contains(Fails(options => options.Trainer.LabelColumnName = "Tarmac"), "'Tarmac'");
    }

    [TestMethod]
    public void AFolderThatCannotBeWrittenToIsNamed() =>
        Assert.Contains("TensorBoardDirectory is", Assert.ThrowsExactly<IOException>(() => _ml.Seq2Seq.Tune(Toy.View(Toy.Rows(10)), TimeSpan.FromHours(1),
            Brief(options => options.Trainer.Training.TensorBoardDirectory = Path.Combine(Environment.ProcessPath!, "x")))).Message);

    /// <summary>Four trials of at most twelve steps.</summary>
    private static TuningOptions Brief(Action<TuningOptions>? change = null)
    {
        var options = new TuningOptions
        {
            Trainer = Toy.Options(),
            Architectures = [Toy.Options().Architecture],
            MaxTrials = 4,
            StepsPerTrial = 12,
            Reduction = 2,
        };
        change?.Invoke(options);
        return options;
    }
}
