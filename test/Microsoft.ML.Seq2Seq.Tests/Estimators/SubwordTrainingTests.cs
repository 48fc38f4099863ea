using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Tests.Tokenization;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class SubwordTrainingTests
{
    private static readonly MLContext _ml = new(1);
    private static readonly Lazy<TransformerChain<SubwordJoiningTransformer>> _model = new(() => Pipeline(Toy.Options()).Fit(Toy.View(Toy.Rows(800))));

    [TestMethod]
    public void APipelineOfVisibleTokenisationLearnsTheTask()
    {
        var test = Toy.View(Toy.Rows(200, seed: 2));

        var scored = _model.Value.Transform(test);

        Assert.IsGreaterThan(0.9, _ml.Seq2Seq.Evaluate(scored, predictedColumnName: "Text", labelColumnName: "Expected").ExactMatch);
        VBuffer<ReadOnlyMemory<char>> predicted = default, target = default;
        scored.Schema["PredictedTarget"].GetKeyValues(ref predicted);
        scored.Schema["Target"].GetKeyValues(ref target);
        CollectionAssert.AreEqual(target.DenseValues().Select(text => $"{text}").ToArray(), predicted.DenseValues().Select(text => $"{text}").ToArray());
    }

    [TestMethod]
    public void KeysTrainTheSameModelAsTheTextTheyWereMadeOf()
    {
        var rows = Toy.Rows(60);
        // Both sides have the vocabulary of the sources: what the trainer learns from text of one kind on both.
        var copies = rows.Select(row => new Toy.Row { Source = row.Source, Target = row.Source }).ToArray();
        var data = Toy.View(copies);
        var options = Toy.Options(options =>
        {
            options.Training.MaxEpochs = 2;
            options.ValidationFraction = 0;
        });
        using var byText = _ml.Seq2Seq.Trainers.Transformer(options).Fit(data);
        var keys = Split("Source").Append(Split("Target")).Fit(data).Transform(data);
        using var byKeys = _ml.Seq2Seq.Trainers.Transformer(options).Fit(keys);

        Assert.AreEqual(byText.Report.Data, byKeys.Report.Data);
        CollectionAssert.AreEqual(
            byText.Generate(copies.Select(row => row.Source!)).Select(one => one.Score).ToArray(),
            byKeys.Generate(copies.Select(row => row.Source!)).Select(one => one.Score).ToArray());
        // The same from keys as from text.
        float[] scores = [.. byKeys.Transform(keys).GetColumn<float>("Score")];
        CollectionAssert.AreEqual(scores, byKeys.Transform(data).GetColumn<float>("Score").ToArray());
    }

    [TestMethod]
    public void AFreshProcessLoadsAPipelineThatNeedsTheTargetToTrainAlone()
    {
        var data = Toy.View(Toy.Rows(40));
        using var model = Pipeline(Toy.Brief(), TransformerScope.TrainTest).Fit(data);

        Assert.IsGreaterThanOrEqualTo(0, _ml.Seq2Seq.Evaluate(model.Transform(data), predictedColumnName: "Text").ChrF);
        ModelFileTests.AssertFreshProcess(model, "Text");
    }

    [TestMethod]
    public void APredictionEngineRunsThePipeline()
    {
        using var engine = _ml.Model.CreatePredictionEngine<Toy.Row, Line>(_model.Value, new PredictionEngineOptions { OwnsTransformer = false });

        string[] texts = ["abc", "", "fade"];

        CollectionAssert.AreEqual(
            Toy.Texts(_model.Value.Transform(Toy.View(texts.Select(text => new Toy.Row { Source = text }))), "Text"),
            texts.Select(text => engine.Predict(new Toy.Row { Source = text }).Text).ToArray());
        Assert.AreEqual("ABC", engine.Predict(new Toy.Row { Source = "abc" }).Text);
    }

    [TestMethod]
    public void TheEstimatorForetellsTheTransformersColumns()
    {
        var data = Toy.View(Toy.Rows(20));
        var foretold = Pipeline(Toy.Brief()).GetOutputSchema(SchemaColumns.ShapeOf(data.Schema));
        var actual = SchemaColumns.ShapeOf(_model.Value.GetOutputSchema(data.Schema));

        CollectionAssert.AreEquivalent(actual.Select(Describe).ToArray(), foretold.Select(Describe).ToArray());

        static string Describe(SchemaShape.Column column) => $"{column.Name}: {column.Kind} {column.ItemType} {column.IsKey} {column.Annotations.Count()}";
    }

    [TestMethod]
    public void OneVocabularyOfBothColumnsSharesAllEmbeddings()
    {
        var options = Toy.Brief(options => options.Architecture.ShareEmbeddings = EmbeddingSharing.All);
        var data = Toy.View(Toy.Rows(60));
        var pipeline = _ml.Transforms.Text.LearnSubwords(
                [new InputOutputColumnPair("SourceKeys", "Source"), new InputOutputColumnPair("TargetKeys", "Target")], new SubwordOptions { Kind = SubwordKind.Character })
            .Append(_ml.Seq2Seq.Trainers.Transformer(Keyed(options)))
            .Append(_ml.Transforms.Text.JoinSubwords("Text", "PredictedTarget"));

        using var model = pipeline.Fit(data);

        var trained = model.OfType<Seq2SeqTransformer>().Single();
        Assert.AreEqual(trained.Report.Data.SourceVocabulary, trained.Report.Data.TargetVocabulary);
        Assert.AreEqual(SpecialTokens.FirstText + 12, trained.Report.Data.SourceVocabulary); // six letters, small and capital
        using var byText = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.Architecture.ShareEmbeddings = EmbeddingSharing.All)).Fit(data);
        Assert.AreEqual(byText.Report.Parameters, trained.Report.Parameters);
        ModelFileTests.AssertFreshProcess(model, "Text"); // which has no Target
    }

    [TestMethod]
    public void KeysAreCutAnewInEveryEpoch()
    {
        var data = Toy.View([.. Enumerable.Repeat(new Toy.Row { Source = "abcabc", Target = "abcabc" }, 40)]);
        InputOutputColumnPair[] columns = [new("Source"), new("Target")];
        var keys = _ml.Transforms.Text.LearnSubwords(columns).Fit(data).Transform(data);
        double[] scores = [.. new[] { 0, 0.5 }.Select(dropout =>
        {
            using var model = _ml.Seq2Seq.Trainers.Transformer(Toy.Options(options =>
            {
                options.Tokenization = new SubwordOptions { Dropout = dropout };
                options.Training.MaxEpochs = 3;
                options.ValidationFraction = 0;
            })).Fit(keys);
            return (double)model.Generate("abcabc").Score;
        })];
        Assert.AreNotEqual(scores[0], scores[1]);

        var characters = _ml.Transforms.Text.LearnSubwords(columns, new SubwordOptions { Kind = SubwordKind.Character }).Fit(data).Transform(data);
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => _ml.Seq2Seq.Trainers.Transformer(
            Toy.Brief(options => options.Tokenization = new SubwordOptions { Dropout = 0.1 })).Fit(characters)).Message, "Dropout is 0.1; allowed: 0 for keys");
    }

    [TestMethod]
    public void ATrainerImportsAVocabularyAndSavesIt()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.model");
        try
        {
            File.WriteAllBytes(path, SentencePieceModels.BytePairs);
            using var model = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
                options.Tokenization = new SubwordOptions { VocabularyFile = path, Symbols = ["<2de>"] })).Fit(Toy.View(Toy.Rows(40)));
            Assert.AreEqual(SpecialTokens.FirstText + 327 + 1, model.Report.Data.SourceVocabulary);
            File.Delete(path);
            ModelFileTests.AssertFreshProcess(model, "PredictedTarget");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void OneSideAsTextAndTheOtherAsKeysIsRefused()
    {
        var data = Toy.View(Toy.Rows(20));
        var trainer = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief());

        foreach (string column in new[] { "Source", "Target" })
        {
            var mixed = Split(column).Fit(data).Transform(data);
            StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(mixed)).Message, "'Target'");
            Assert.Throws<ArgumentOutOfRangeException>(() => trainer.GetOutputSchema(SchemaColumns.ShapeOf(mixed.Schema)));
        }
    }

    [TestMethod]
    public void KeysOfAnotherVocabularyAreRefused()
    {
        var data = Toy.View(Toy.Rows(20));
        var other = Toy.View([new Toy.Row { Source = "xyxy", Target = "XYXY" }]);
        var keys = Split("Source").Append(Split("Target")).Fit(data).Transform(data);
        var otherKeys = Split("Source").Append(Split("Target")).Fit(other).Transform(other);
        var options = Toy.Brief(options => options.Architecture.ShareEmbeddings = EmbeddingSharing.DecoderInputOutput);
        var trainer = _ml.Seq2Seq.Trainers.Transformer(options);
        using var model = trainer.Fit(keys);

        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => model.Transform(otherKeys)).Message, "another vocabulary");
        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(keys, otherKeys)).Message, "another vocabulary");
        Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(keys, data));
        // Source and target have no tokens in common here: one embedding can't serve both.
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => _ml.Seq2Seq.Trainers.Transformer(Toy.Brief()).Fit(keys)).Message, "ShareEmbeddings");
    }

    private static TransformerTrainer.Options Keyed(TransformerTrainer.Options options)
    {
        (options.SourceColumnName, options.LabelColumnName) = ("SourceKeys", "TargetKeys");
        return options;
    }

    private static IEstimator<SubwordTransformer> Split(string column) =>
        _ml.Transforms.Text.LearnSubwords(column, options: new SubwordOptions { Kind = SubwordKind.Character });

    private static EstimatorChain<SubwordJoiningTransformer> Pipeline(
        TransformerTrainer.Options options, TransformerScope targetScope = TransformerScope.Everything)
    {
        options.Architecture.ShareEmbeddings = EmbeddingSharing.DecoderInputOutput;
        return new EstimatorChain<ITransformer>().Append(Split("Source"))
            .Append(_ml.Transforms.CopyColumns("Expected", "Target"), targetScope)
            .Append(Split("Target"), targetScope)
            .Append(_ml.Seq2Seq.Trainers.Transformer(options))
            .Append(_ml.Transforms.Text.JoinSubwords("Text", "PredictedTarget"));
    }

    private sealed class Line
    {
        public string Text { get; set; } = "";
    }
}
