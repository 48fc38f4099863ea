using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Estimators;
using Microsoft.ML.Seq2Seq.Tests.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

[TestClass]
public sealed class TrainingDataTests
{
    private static readonly MLContext _ml = new(1);
    private static readonly Toy.Row _long = new() { Source = new string('a', 50), Target = "b" };

    /// <summary>Else a metric would be taken over rows that are no validation rows.</summary>
    [TestMethod]
    [DataRow(false, true)]
    [DataRow(false, false)]
    [DataRow(true, true)]
    [DataRow(true, false)]
    public void ValidationRowsThatAreDroppedAreNotScored(bool areKeys, bool areHeldOut)
    {
        Toy.Row[] rows = [.. Toy.Rows(40).SelectMany(row => new[] { row, _long })];
        var options = Limited(OverflowPolicy.Drop);
        options.ValidationFraction = 0.5;
        IDataView training = Toy.View(areHeldOut ? rows : Toy.Rows(40)), validation = Toy.View(rows);
        if (areKeys)
            (training, validation) = (Keys(training), Keys(validation));

        using var data = Read(training, areHeldOut ? null : validation, options);

        Assert.AreEqual(40, data.Statistics.DroppedRows);
        Assert.IsNotEmpty(data.ValidationTexts);
        Assert.HasCount(data.Validation.Count, data.ValidationTexts);
        Assert.IsFalse(data.ValidationTexts.Any(row => row.Source == _long.Source));
        for (int i = 0; i < data.Validation.Count; i++)
            CollectionAssert.AreEqual(data.Validation.Source(i), data.Codec.Source.Encode(data.ValidationTexts[i].Source));
    }

    [TestMethod]
    [DataRow(false, 0.5)]
    [DataRow(false, 0)]
    [DataRow(true, 0.5)]
    public void AnOverlongRowIsNamedByItsNumberInItsData(bool areKeys, double fraction)
    {
        var options = Limited(OverflowPolicy.Error);
        options.ValidationFraction = fraction;
        foreach (int number in new[] { 3, 20, 21, 100 })
        {
            var rows = Toy.Rows(100);
            rows[0] = new Toy.Row { Source = "", Target = "no source" };
            rows[18] = new Toy.Row { Source = "no target", Target = null };
            rows[number - 1] = _long;
            IDataView faulty = Toy.View(rows), sound = Toy.View(Toy.Rows(100));
            if (areKeys)
                (faulty, sound) = (Keys(faulty), Keys(sound));

            StringAssert.StartsWith(Complaint(faulty, null, options),
                $"Row {number} of the training data (counted from 1, with every row) has 50 source and 1 target tokens");
            StringAssert.StartsWith(Complaint(sound, faulty, options), $"Row {number} of the validation set (counted from 1, with every row) has 50 source");
        }
    }

    [TestMethod]
    public void RowsThatEncodeToNothingAreCountedInTheNumberOfAnother()
    {
        var options = Limited(OverflowPolicy.Error);
        options.Tokenization.Kind = SubwordKind.Whitespace;
        Toy.Row[] rows = [.. Enumerable.Repeat(new Toy.Row { Source = " ", Target = "a b" }, 20), new Toy.Row { Source = string.Join(' ', Enumerable.Repeat("a", 50)), Target = "b" }];

        StringAssert.StartsWith(Complaint(Toy.View(rows), null, options), "Row 21 of the training data");
    }

    [TestMethod]
    public void WhereNoRowIsLeftTheComplaintSaysWhatBecameOfThem()
    {
        var blank = new Toy.Row { Source = "  ", Target = "a b" };
        var tooLong = new Toy.Row { Source = string.Join(' ', Enumerable.Repeat("a", 50)), Target = "a b" };
        const string Blank = "20 without tokens in 'Source' or 'Target'",
            Dropped = "20 longer than MaximumTokens (12), which OverflowPolicy.Drop leaves out";

        Assert.AreEqual($"No training row with text is left: {Blank}.", ComplaintOf(OverflowPolicy.Truncate, blank));
        Assert.AreEqual($"No training row with text is left: {Dropped}.", ComplaintOf(OverflowPolicy.Drop, tooLong));
        Assert.AreEqual($"No training row with text is left: {Blank}, {Dropped}.", ComplaintOf(OverflowPolicy.Drop, blank, tooLong));
        Assert.AreEqual("The training data has no row with text in both 'Source' and 'Target' (20 rows without).",
            ComplaintOf(OverflowPolicy.Drop, new Toy.Row { Source = "a", Target = "" }));

        static string ComplaintOf(OverflowPolicy policy, params Toy.Row[] kinds)
        {
            var options = Limited(policy);
            options.Tokenization.Kind = SubwordKind.Whitespace;
            options.ValidationFraction = 0;
            return Complaint(Toy.View(kinds.SelectMany(row => Enumerable.Repeat(row, 20))), null, options);
        }
    }

    [TestMethod]
    public void ACanceledContextIsHeardWhileRowsAreRead()
    {
        var ml = new MLContext(1);
        int read = 0;
        IEnumerable<Toy.Row> Rows()
        {
            while (read < 10_000)
            {
                if (++read == 100)
                    Toy.Cancel(ml);
                yield return new Toy.Row { Source = "a", Target = "b" };
            }
        }

        Assert.ThrowsExactly<OperationCanceledException>(() => ml.Seq2Seq.Trainers.Transformer(Toy.Brief()).Fit(Toy.View(Rows())));

        Assert.AreEqual(100, read);
    }

    /// <summary>An imported vocabulary isn't learned, so that encoding is all that can hear.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ACanceledContextIsHeardWhileTheVocabularyIsLearnedAndRowsAreEncoded(bool isImported)
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.model");
        var ml = new MLContext(1);
        var messages = new List<string>();
        ml.Log += (_, log) =>
        {
            lock (messages)
                messages.Add(log.Message);
        };
        IEnumerable<Toy.Row> Rows()
        {
            foreach (var row in Toy.Rows(100))
                yield return row;
            Toy.Cancel(ml);
        }
        try
        {
            if (isImported)
                File.WriteAllBytes(path, SentencePieceModels.BytePairs);
            var trainer = ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options =>
                options.Tokenization = new SubwordOptions { VocabularyFile = isImported ? path : null }));

            Assert.ThrowsExactly<OperationCanceledException>(() => trainer.Fit(Toy.View(Rows())));
        }
        finally
        {
            File.Delete(path);
        }

        Assert.IsFalse(messages.Any(message => message.Contains("Training on")), "the rows were encoded to the last");
    }

    private static TransformerTrainer.Options Limited(OverflowPolicy policy) => Toy.Brief(options =>
    {
        options.Tokenization.MaximumTokens = 12;
        options.Tokenization.OverflowPolicy = policy;
    });

    private static TrainingData Read(IDataView training, IDataView? validation, TransformerTrainer.Options options) =>
        TrainingData.Read(((IHostEnvironment)_ml).Register("Test"), training, validation, options, seed: 1);

    private static string Complaint(IDataView training, IDataView? validation, TransformerTrainer.Options options) =>
        Assert.ThrowsExactly<InvalidOperationException>(() => Read(training, validation, options)).Message;

    /// <summary>In a vocabulary that is the same for all data.</summary>
    private static IDataView Keys(IDataView data) => _ml.Transforms.Text.LearnSubwords(
        [new InputOutputColumnPair("Source"), new InputOutputColumnPair("Target")], new SubwordOptions { Kind = SubwordKind.Character })
        .Fit(Toy.View(Toy.Rows(100))).Transform(data);
}
