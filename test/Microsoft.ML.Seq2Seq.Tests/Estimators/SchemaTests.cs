using Microsoft.ML.Seq2Seq.Interop;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class SchemaTests
{
    private static readonly MLContext _ml = new(1);

    [TestMethod]
    [DataRow("Sauce", "Target", "Sauce")]
    [DataRow("Source", "Tarmac", "Tarmac")]
    public void AMissingColumnIsNamedBeforeAndAtTheStartOfTraining(string source, string label, string missing)
    {
        var trainer = _ml.Seq2Seq.Trainers.Transformer(label, source);
        var data = Toy.View(Toy.Rows(3));

        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(data)).Message, $"'{missing}'");
        StringAssert.Contains(
            Assert.Throws<ArgumentOutOfRangeException>(() => trainer.GetOutputSchema(SchemaColumns.ShapeOf(data.Schema))).Message, $"'{missing}'");
    }

    [TestMethod]
    public void AColumnOfTheWrongTypeIsNamedWithItsTypeAndTheOneExpected()
    {
        var trainer = _ml.Seq2Seq.Trainers.Transformer(sourceColumnName: "Number");
        var data = Toy.View(Toy.Rows(3));

        string message = Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(data)).Message;
        StringAssert.Contains(message, "'Number'");
        StringAssert.Contains(message, "String");
        StringAssert.Contains(message, "Int32");
        Assert.Throws<ArgumentOutOfRangeException>(() => trainer.GetOutputSchema(SchemaColumns.ShapeOf(data.Schema)));
    }

    [TestMethod]
    public void AWrongColumnOfTheValidationSetIsNamed()
    {
        var numbers = _ml.Data.LoadFromEnumerable([new { Source = 1, Target = "a" }]);
        var trainer = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.ValidationSet = numbers));

        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(Toy.View(Toy.Rows(3)))).Message, "'Source'");
    }

    [TestMethod]
    public void TheEstimatorForetellsTheTransformersColumns()
    {
        foreach (int hypotheses in new[] { 1, 2 })
        {
            var data = Toy.View(Toy.Rows(4));
            var trainer = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
            {
                options.PredictedColumnName = "Written";
                options.ScoreColumnName = "Number"; // hides the input's
                options.Decoding.NumberOfHypotheses = hypotheses;
            }));
            using var model = trainer.Fit(data);

            var foretold = trainer.GetOutputSchema(SchemaColumns.ShapeOf(data.Schema));
            var actual = SchemaColumns.ShapeOf(model.GetOutputSchema(data.Schema));

            CollectionAssert.AreEquivalent(actual.Select(Describe).ToArray(), foretold.Select(Describe).ToArray());
            Assert.AreEqual(hypotheses > 1, actual.Any(column => column.Name == "Hypotheses"));
        }

        static string Describe(SchemaShape.Column column) => $"{column.Name}: {column.Kind} {column.ItemType} {column.IsKey}";
    }

    [TestMethod]
    public void TheTransformerNeedsTheSourceAlone()
    {
        var sources = _ml.Data.LoadFromEnumerable([new { Source = "abc" }]);

        Assert.AreEqual(Toy.Model.Generate("abc").Text, Toy.Texts(Toy.Model.Transform(sources)).Single());
        var targets = _ml.Data.LoadFromEnumerable([new { Target = "abc" }]);
        StringAssert.Contains(Assert.Throws<ArgumentOutOfRangeException>(() => Toy.Model.Transform(targets)).Message, "'Source'");
        Assert.Throws<ArgumentOutOfRangeException>(() => Toy.Model.GetOutputSchema(targets.Schema));
        Assert.Throws<ArgumentOutOfRangeException>(() => Toy.Model.GetRowToRowMapper(targets.Schema));
    }

    [TestMethod]
    public void InvalidOptionsAreRefusedByName()
    {
        (string Option, Action<TransformerTrainer.Options> Break)[] cases =
        [
            ("LabelColumnName", options => options.LabelColumnName = ""),
            ("SourceColumnName", options => options.SourceColumnName = " "),
            ("ScoreColumnName", options => options.ScoreColumnName = options.PredictedColumnName),
            ("ScoreColumnName", options => (options.ScoreColumnName, options.Decoding.OutputTokenScores) = ("TokenScores", true)),
            ("PredictedColumnName", options => (options.PredictedColumnName, options.Decoding.NumberOfHypotheses) = ("Hypotheses", 2)),
            ("LabelColumnName", options => options.LabelColumnName = "half a pair: \ud83d"),
            ("SourceColumnName", options => options.SourceColumnName = "half a pair: \ud83d"),
            ("PredictedColumnName", options => options.PredictedColumnName = "half a pair: \ud83d"),
            ("ScoreColumnName", options => options.ScoreColumnName = "half a pair: \ud83d"),
            ("PrefixColumnName", options => options.Decoding.PrefixColumnName = "half a pair: \ud83d"),
            ("ValidationFraction", options => options.ValidationFraction = 1),
            ("Architecture", options => options.Architecture = null!),
            ("Training", options => options.Training = null!),
            ("Decoding", options => options.Decoding = null!),
            ("Tokenization", options => options.Tokenization = null!),
            ("ModelDimension", options => options.Architecture.ModelDimension = 33),
            ("Heads", options => options.Architecture.Heads = 0),
            ("ShareEmbeddings", options => options.Tokenization.SharedVocabulary = false),
            ("Dropout", options => options.Architecture.Dropout = 1),
            ("MaxEpochs", options => options.Training.MaxEpochs = 0),
            ("Schedule", options => options.Training.Schedule = (LearningRateSchedule)99),
            ("BeamSize", options => options.Decoding.BeamSize = 0),
            ("NumberOfHypotheses", options => options.Decoding.NumberOfHypotheses = 5),
            ("VocabularySize", options => options.Tokenization.VocabularySize = 0),
            ("MaximumTokens", options => options.Tokenization.MaximumTokens = 0),
        ];
        foreach (var (option, breakIt) in cases)
        {
            var error = Assert.Throws<ArgumentException>(() => _ml.Seq2Seq.Trainers.Transformer(Toy.Options(breakIt)), option);
            StringAssert.StartsWith(error.Message, option);
        }
    }

    [TestMethod]
    public void TheTrainerKeepsACopyOfItsOptions()
    {
        var options = Toy.Brief();
        var trainer = _ml.Seq2Seq.Trainers.Transformer(options);
        options.SourceColumnName = "Nowhere";
        options.Training.MaxSteps = 0;
        options.Architecture.Heads = 0;
        options.Tokenization.MaximumTokens = 0;
        options.Decoding.BeamSize = 0;

        using var model = trainer.Fit(Toy.View(Toy.Rows(8)));

        Assert.AreEqual(2, model.Report.Steps);
    }
}
