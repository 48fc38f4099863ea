using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Tests.Estimators;
using Microsoft.ML.Transforms.Text;

namespace Microsoft.ML.Seq2Seq.Tests.Pipeline;

[TestClass]
public sealed class StageViewTests
{
    private static readonly MLContext _ml = new(1);

    [TestMethod]
    public void RowsComeBackInOrderWithTheirOtherColumns()
    {
        // More than one window of the look-ahead.
        var rows = Toy.Rows(3000, seed: 7);
        var view = Toy.Model.WithDecoding(new DecodingOptions { Strategy = DecodingStrategy.Greedy }).Transform(Toy.View(rows));

        var scored = Toy.Scored(view);

        CollectionAssert.AreEqual(rows.Select(row => row.Number).ToArray(), scored.Select(row => row.Number).ToArray());
        // Rows of one source text got one answer.
        foreach (var group in rows.Zip(scored).GroupBy(pair => pair.First.Source, pair => pair.Second.PredictedTarget))
            Assert.AreEqual(1, group.Distinct().Count());
        Assert.IsGreaterThan(2500, rows.Zip(scored).Count(pair => pair.First.Target == pair.Second.PredictedTarget));
    }

    [TestMethod]
    public void NothingIsDecodedForACursorThatAsksForNoneOfTheModelsColumns()
    {
        var model = Toy.Model.WithDecoding(new DecodingOptions());
        var view = model.Transform(Toy.View(Toy.Rows(10)));
        model.Dispose();
        // The weights live on in Toy.Model, so a decode would work: count on laziness by a source that can't be read twice.
        var counted = new CountingView(Toy.View(Toy.Rows(10)));
        var lazy = Toy.Model.Transform(counted);

        Assert.HasCount(10, lazy.GetColumn<int>("Number").ToArray());
        Assert.AreEqual(1, counted.Cursors);
        Assert.HasCount(10, lazy.GetColumn<string>("PredictedTarget").ToArray());
        Assert.AreEqual(3, counted.Cursors, "one to read ahead and one to pass rows through");
    }

    [TestMethod]
    public void TheFirstRowsComeWithoutDecodingAll()
    {
        var counted = new CountingView(Toy.View(Toy.Rows(5000)));

        var first = Toy.Model.Transform(counted).GetColumn<string>("PredictedTarget").Take(3).ToArray();

        Assert.HasCount(3, first);
        Assert.IsLessThan(200, counted.RowsRead);
    }

    [TestMethod]
    public void TwentyThousandRowsAreReadWindowByWindowAndStayInOrder()
    {
        const int Count = 20_000, LargestWindow = 2048;
        using var model = Toy.Model.WithDecoding(new DecodingOptions { Strategy = DecodingStrategy.Greedy });
        // Nothing holds the rows: they are made as they are read.
        var counted = new CountingView(Toy.View(Enumerable.Range(0, Count).Select(NumberedRow)));
        var view = model.Transform(counted);
        using var cursor = view.GetRowCursor(view.Schema);
        var number = cursor.GetGetter<int>(view.Schema["Number"]);
        var predicted = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["PredictedTarget"]);
        int row = 0, right = 0;
        for (; cursor.MoveNext(); row++)
        {
            int value = 0;
            ReadOnlyMemory<char> text = default;
            number(ref value);
            predicted(ref text);
            Assert.AreEqual(row, value);
            // The two cursors together: this row, the rows before it and at most two windows ahead.
            Assert.IsLessThanOrEqualTo(2 * (row + 1) + 2 * LargestWindow, counted.RowsRead);
            if (text.Span.SequenceEqual(NumberedRow(row).Target))
                right++;
        }

        Assert.AreEqual(Count, row);
        Assert.IsGreaterThan(Count * 9 / 10, right);

        static Toy.Row NumberedRow(int i)
        {
            string source = string.Concat($"{i % 1296:d4}".Select(digit => (char)('a' + digit % 6)));
            return new Toy.Row { Source = source, Target = source.ToUpperInvariant(), Number = i };
        }
    }

    [TestMethod]
    [DoNotParallelize] // tests beside it may leave the thread pool without a free thread
    public void TheNextWindowIsReadWhileOneIsPredicted()
    {
        int caller = Environment.CurrentManagedThreadId, elsewhere = 0;
        var counted = new CountingView(Toy.View(Toy.Rows(3000)))
        {
            OnRead = _ =>
            {
                if (Environment.CurrentManagedThreadId != caller)
                    Interlocked.Increment(ref elsewhere);
            },
        };

        Assert.HasCount(3000, Toy.Texts(Toy.Model.Transform(counted)));

        // A window that no thread was free for is read by the caller.
        Assert.IsGreaterThan(0, elsewhere);
    }

    [TestMethod]
    public void AFailureOfTheDataReachesTheReaderAndLeavesNothingRunning()
    {
        var counted = new CountingView(Toy.View(Toy.Rows(300)))
        {
            OnRead = rows =>
            {
                if (rows > 100)
                    throw new IOException("the disk is gone");
            },
        };

        Assert.AreEqual("the disk is gone", Assert.ThrowsExactly<IOException>(() => Toy.Texts(Toy.Model.Transform(counted))).Message);
        int read = counted.RowsRead;
        Thread.Sleep(50);
        Assert.AreEqual(read, counted.RowsRead);
    }

    [TestMethod]
    [DoNotParallelize] // another thread has to read meanwhile
    public void LeavingACursorDoesNotWaitForTheNextWindow()
    {
        using var afterwards = new ManualResetEventSlim();
        var counted = new CountingView(Toy.View(Toy.Rows(3000)))
        {
            OnRead = rows =>
            {
                if (rows > 40)
                    afterwards.Wait(TimeSpan.FromSeconds(1)); // a slow source
            },
        };
        using (var cursor = Toy.Model.Transform(counted).GetRowCursor(Toy.Model.GetOutputSchema(counted.Schema)))
        {
            Assert.IsTrue(cursor.MoveNext());
            cursor.Dispose(); // twice does no harm
        }
        afterwards.Set();

        Assert.IsLessThan(60, counted.RowsRead);
    }

    [TestMethod]
    public void ACacheBetweenModelsSparesTheFirstADecode()
    {
        Assert.AreEqual(2, Decodes(view => view));
        Assert.AreEqual(1, Decodes(view => _ml.Data.Cache(view)));

        static int Decodes(Func<IDataView, IDataView> between)
        {
            var counted = new CountingView(Toy.View(Toy.Rows(50)));
            var read = between(Toy.Model.Transform(counted));
            using var second = _ml.Seq2Seq.Transforms.Embed(Toy.Model, "Vector", "PredictedTarget").Fit(read);
            var view = second.Transform(read);
            using var cursor = view.GetRowCursor(view.Schema);
            while (cursor.MoveNext())
            {
            }
            return counted.Cursors / 2; // one to read ahead and one to pass rows through
        }
    }

    [TestMethod]
    public void ProgressIsTheNumberOfRowsPredicted()
    {
        var ml = new MLContext(1);
        using var model = ml.Seq2Seq.Trainers.Transformer(Toy.Brief()).Fit(Toy.View(Toy.Rows(50)));
        var messages = new List<string>();
        ml.Log += (_, log) =>
        {
            lock (messages)
                messages.Add(log.Message);
        };

        Assert.HasCount(100, Toy.Texts(model.Transform(Toy.View(Toy.Rows(100)))));

        // Windows of 32 and of the rest.
        string all = string.Join('\n', messages);
        StringAssert.Contains(all, "32 rows predicted");
        StringAssert.Contains(all, "100 rows predicted");
    }

    [TestMethod]
    public void AChainHasStagesBeforeAndAfterTheModel()
    {
        var rows = Toy.Rows(300);
        foreach (var row in rows)
            row.Source = row.Source!.ToUpperInvariant();
        var chain = _ml.Transforms.Text.NormalizeText("Lower", "Source", TextNormalizingEstimator.CaseMode.Lower)
            .Append(_ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.SourceColumnName = "Lower")))
            .Append(_ml.Transforms.Text.NormalizeText("Final", "PredictedTarget", TextNormalizingEstimator.CaseMode.Lower))
            .Append(_ml.Transforms.Text.FeaturizeText("Features", "Final"));
        using var model = chain.Fit(Toy.View(rows));

        var view = model.Transform(Toy.View(rows));

        string[] predicted = Toy.Texts(view), final = Toy.Texts(view, "Final");
        CollectionAssert.AreEqual(predicted.Select(text => text.ToLowerInvariant()).ToArray(), final);
        using var engine = _ml.Model.CreatePredictionEngine<Toy.Row, Final>(model, new PredictionEngineOptions { OwnsTransformer = false });
        Assert.AreEqual(final[0], engine.Predict(rows[0]).FinalText);
        Assert.AreEqual(final[1], engine.Predict(rows[1]).FinalText);
    }

    [TestMethod]
    public void TheViewServesEveryReaderOfMLNet()
    {
        var rows = Toy.Rows(20);
        var view = Toy.Model.Transform(Toy.View(rows));

        Assert.HasCount(5, view.Preview(5).RowView);
        Assert.HasCount(20, Toy.Texts(_ml.Data.Cache(view)));
        Assert.HasCount(7, Toy.Texts(_ml.Data.TakeRows(view, 7)));
        Assert.HasCount(20, Toy.Texts(_ml.Data.ShuffleRows(view)));
        using var file = new MemoryStream();
        _ml.Data.SaveAsText(view, file);
        Assert.IsGreaterThan(0, file.Length);
        Assert.AreEqual(view.Schema.Count, Toy.Model.GetOutputSchema(Toy.View(rows).Schema).Count);
    }

    [TestMethod]
    public void AGetterOfAnotherTypeOrAnInactiveColumnIsRefused()
    {
        var view = Toy.Model.Transform(Toy.View(Toy.Rows(2)));
        using var cursor = view.GetRowCursor([view.Schema["Score"]]);

        Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<double>(view.Schema["Score"]));
        Assert.Throws<ArgumentException>(() => cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["PredictedTarget"]));
    }

    private sealed class Final
    {
        [ColumnName("Final")]
        public string FinalText { get; set; } = "";
    }
}
