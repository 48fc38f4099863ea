using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tests.Estimators;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Pipeline;

/// <summary>A context that is canceled while a view is read.</summary>
[TestClass]
[DoNotParallelize] // what new threads begin with belongs to the process
public sealed class CancellationTests
{
    private const int FirstWindow = 32, SecondWindow = 128;

    private readonly MLContext _ml = new(1);
    private int _decoded; // rows

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    public void AWindowThatIsBeingDecodedIsLeftUnfinished(int threads)
    {
        const int Canceled = FirstWindow + 10;
        using var model = Toy.Model.WithDecoding(new DecodingOptions { BatchTokens = 64 });
        var counted = new CountingView(Toy.View(Toy.Rows(5000)));
        using var cursor = Cursor(model, counted, decoded =>
        {
            if (decoded >= Canceled)
                Toy.Cancel(_ml);
        });
        int before = torch.get_num_threads();
        ThreadSetting.Set(threads);
        try
        {
            Assert.AreEqual(FirstWindow, RowsUntilCanceled(cursor));
        }
        finally
        {
            ThreadSetting.Set(before);
        }

        // A batch of these options holds a row or two. Other threads may end theirs before they hear of it.
        Assert.IsInRange(Canceled, threads == 1 ? Canceled + 1 : FirstWindow + SecondWindow - 1, _decoded);
    }

    [TestMethod]
    public void NothingMoreIsDecodedWhenTheContextIsCanceledBetweenWindows()
    {
        using var model = Toy.Model.WithDecoding(new DecodingOptions { BatchTokens = 64 });
        var counted = new CountingView(Toy.View(Toy.Rows(5000)));
        using var cursor = Cursor(model, counted, _ => { });
        Assert.IsTrue(cursor.MoveNext());

        Toy.Cancel(_ml);

        Assert.AreEqual(FirstWindow - 1, RowsUntilCanceled(cursor));
        Assert.AreEqual(FirstWindow, _decoded);
        Assert.IsLessThan(500, counted.RowsRead);
    }

    [TestMethod]
    public void CancelingTheContextOfATrainedModelStopsItsCursor()
    {
        using var model = _ml.Seq2Seq.Trainers.Transformer(Toy.Brief(options => options.Decoding.BatchTokens = 64)).Fit(Toy.View(Toy.Rows(50)));
        var counted = new CountingView(Toy.View(Toy.Rows(5000)));
        using var cursor = model.Transform(counted).GetRowCursor(model.GetOutputSchema(counted.Schema));
        Assert.IsTrue(cursor.MoveNext());

        Toy.Cancel(_ml);

        Assert.AreEqual(FirstWindow - 1, RowsUntilCanceled(cursor));
        Assert.IsLessThan(500, counted.RowsRead);
    }

    /// <summary>Of a view like <see cref="Seq2SeqTransformer.Transform"/>'s, that counts the rows that are decoded.</summary>
    /// <param name="onDecoded">Told, after each batch, of the rows so far.</param>
    private DataViewRowCursor Cursor(Seq2SeqTransformer model, IDataView data, Action<int> onDecoded)
    {
        var stage = new CountingStage(model.Stage(data.Schema), rows =>
        {
            if (rows > 0)
                onDecoded(Interlocked.Add(ref _decoded, rows));
        });
        // A host hears of its context's end, the context itself does not.
        var host = ((IHostEnvironment)_ml).Register("Test");
        return new StageView<GenerationRequest, Generation>(host, data, stage).GetRowCursor(stage.Output);
    }

    private static int RowsUntilCanceled(DataViewRowCursor cursor)
    {
        int rows = 0;
        Assert.ThrowsExactly<OperationCanceledException>(() =>
        {
            for (; cursor.MoveNext(); rows++)
            {
            }
        });
        return rows;
    }

    private sealed class CountingStage(GenerationStage inner, Action<int> decoded) : RowStage<GenerationRequest, Generation>(inner.Input, inner.Read, inner.Added)
    {
        public override bool ReadsAhead => inner.ReadsAhead;

        public override Func<GenerationRequest> Reader(DataViewRow row) => inner.Reader(row);

        public override int SizeOf(GenerationRequest request) => inner.SizeOf(request);

        public override Generation[] Map(
            IReadOnlyList<GenerationRequest> requests, Action<int>? mapped = null, CancellationToken cancellation = default) =>
            inner.Map(requests, rows =>
            {
                decoded(rows);
                mapped?.Invoke(rows);
            }, cancellation);
    }
}
