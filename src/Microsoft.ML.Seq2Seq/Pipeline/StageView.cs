using Microsoft.ML.Runtime;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>
/// A data view with a stage's columns added. It is lazy: nothing is computed for a cursor that asks for none of them.
/// ML.NET's own row mappers would run a model one row at a time on every core; this view reads ahead and hands rows over
/// in batches, where the stage gains by it.
/// </summary>
internal sealed class StageView<TRequest, TResult>(IHost host, IDataView input, RowStage<TRequest, TResult> stage) : IDataView
{
    /// <summary>False where the cursor that reads ahead and the one that passes rows through have to see the same
    /// order.</summary>
    public bool CanShuffle => !stage.ReadsAhead && input.CanShuffle;

    public DataViewSchema Schema => stage.Output;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        var columns = columnsNeeded.ToArray();
        if (!stage.ReadsAhead)
            return new StageCursor<TRequest, TResult>(stage, columns, input.GetRowCursor(stage.Dependencies(columns), rand));
        var rows = input.GetRowCursor(stage.PassedThrough(columns));
        if (!columns.Any(stage.IsAdded))
            return new StageCursor<TRequest, TResult>(stage, columns, rows);
        try
        {
            return new StageCursor<TRequest, TResult>(stage, columns, rows, new LookAhead<TRequest, TResult>(host, input, stage));
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <summary>One cursor where rows are read ahead: the work inside a batch is parallel already.</summary>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        if (stage.ReadsAhead)
            return [GetRowCursor(columnsNeeded, rand)];
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        var columns = columnsNeeded.ToArray();
        return [.. input.GetRowCursorSet(stage.Dependencies(columns), n, rand)
            .Select(rows => new StageCursor<TRequest, TResult>(stage, columns, rows))];
    }
}
