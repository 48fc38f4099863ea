using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Interop;

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
