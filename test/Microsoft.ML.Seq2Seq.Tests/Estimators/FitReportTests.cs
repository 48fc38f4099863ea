using System.Reflection;
using Microsoft.ML.Seq2Seq.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

/// <summary>What a run tells: its report, its progress and its log.</summary>
[TestClass]
public sealed class FitReportTests
{
    [TestMethod]
    public void TheReportHoldsTheSettingsAndTheFinalMetrics()
    {
        using var model = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
        {
            options.Training.LabelSmoothing = 0.25;
            options.Decoding.BannedPhrases = ["a", "b"];
        })).Fit(Toy.View(Toy.Rows(40)));

        var settings = model.Report.Settings;
        Assert.AreEqual("0.25", settings["Training.LabelSmoothing"]);
        Assert.AreEqual("2", settings["Training.MaxSteps"]);
        Assert.AreEqual("null", settings["Training.MaxDuration"]);
        Assert.AreEqual("Pre", settings["Architecture.NormPlacement"]);
        Assert.AreEqual("Character", settings["Tokenization.Kind"]);
        Assert.AreEqual("2 texts", settings["Decoding.BannedPhrases"]);
        Assert.AreEqual("0.1", settings["ValidationFraction"]);
        Assert.AreEqual("null", settings["Tokenization.VocabularyFile"]);
        Assert.IsFalse(settings.Keys.Any(key => key.Contains("Directory", StringComparison.Ordinal)), "no folders of this machine");
        foreach (var (type, prefix) in new[]
        {
            (typeof(TrainingOptions), "Training."), (typeof(TransformerArchitecture), "Architecture."), (typeof(DecodingOptions), "Decoding."),
            (typeof(SubwordOptions), "Tokenization."),
        })
            Assert.IsTrue(type.GetProperties(BindingFlags.Public | BindingFlags.Instance).All(property =>
                settings.ContainsKey(prefix + property.Name) || property.Name is "Progress" or "CancellationToken"
                || property.Name.EndsWith("Directory", StringComparison.Ordinal)), prefix);
        CollectionAssert.AreEquivalent(new[] { "Loss", "Perplexity" }, model.Report.FinalMetrics.Keys.ToArray());
        Assert.AreEqual(model.Report.BestValidationLoss, model.Report.FinalMetrics["Loss"]);
        Assert.AreEqual(Math.Exp(model.Report.BestValidationLoss!.Value), model.Report.FinalMetrics["Perplexity"]);
    }

    [TestMethod]
    public void TheReportNamesFilesWithoutTheirFolders()
    {
        var settings = ReportedSettings.Of(Toy.Options(options =>
        {
            options.Tokenization.VocabularyFile = Path.Combine(Path.GetTempPath(), "somebody", "vocab.json");
            options.Tokenization.MergesFile = Path.Combine("somebody", "merges.txt");
        }));

        Assert.AreEqual("vocab.json", settings["Tokenization.VocabularyFile"]);
        Assert.AreEqual("merges.txt", settings["Tokenization.MergesFile"]);
        Assert.IsFalse(settings.Values.Any(value => value.Contains("somebody", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void ProgressIsReportedWithSamples()
    {
        var reports = new List<TrainingProgress>();
        using var model = new MLContext(1).Seq2Seq.Trainers.Transformer(Toy.Options(options =>
        {
            options.Training.MaxEpochs = 2;
            options.Training.Progress = new Note<TrainingProgress>(reports.Add);
        })).Fit(Toy.View(Toy.Rows(60)));

        var validations = reports.Where(report => report.IsValidation).ToArray();
        Assert.HasCount(2, validations);
        Assert.IsNotEmpty(validations[0].Samples);
        Assert.AreEqual(model.Report.BestValidationLoss, validations[^1].BestValidationLoss);
        Assert.AreEqual(1, validations[^1].FractionDone);
        Assert.AreEqual(TimeSpan.Zero, validations[^1].TimeLeft);
        Assert.IsTrue(reports.All(report => report.TokensPerSecond > 0 && double.IsFinite(report.TrainLoss)));
    }

    [TestMethod]
    public void TheLogTellsOfDataAndEpochsAndNeverOfTheText()
    {
        var ml = new MLContext(1);
        var messages = new List<string>();
        ml.Log += (_, e) =>
        {
            lock (messages)
                messages.Add(e.Message);
        };
        var rows = Toy.Rows(40);

        using var model = ml.Seq2Seq.Trainers.Transformer(Toy.Options(options => options.Training.MaxEpochs = 2)).Fit(Toy.View(rows));

        Assert.IsTrue(messages.Any(message => message.Contains("Training on 36 rows")));
        Assert.IsTrue(messages.Any(message => message.Contains("Epoch 2")));
        Assert.IsFalse(messages.Any(message => rows.Any(row => row.Source!.Length > 4 && message.Contains(row.Source))));
    }
}
