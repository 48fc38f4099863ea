using Microsoft.ML.Data;

namespace Microsoft.ML.Seq2Seq.Tests.Pipeline;

/// <summary>Counts what is read of a data view.</summary>
internal sealed class CountingView(IDataView inner) : IDataView
{
    private int _rowsRead;

    public int Cursors { get; private set; }

    public int RowsRead => Volatile.Read(ref _rowsRead);

    /// <summary>Called with the number of rows read before each is.</summary>
    public Action<int>? OnRead { get; init; }

    public bool CanShuffle => inner.CanShuffle;

    public DataViewSchema Schema => inner.Schema;

    public long? GetRowCount() => inner.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        Cursors++;
        return new CountingCursor(this, inner.GetRowCursor(columnsNeeded, rand));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class CountingCursor(CountingView view, DataViewRowCursor inner) : DataViewRowCursor
    {
        public override DataViewSchema Schema => inner.Schema;

        public override long Position => inner.Position;

        public override long Batch => inner.Batch;

        public override bool MoveNext()
        {
            int read = Interlocked.Increment(ref view._rowsRead);
            view.OnRead?.Invoke(read);
            return inner.MoveNext();
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => inner.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => inner.GetGetter<TValue>(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => inner.GetIdGetter();
    }
}
