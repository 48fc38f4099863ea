using Microsoft.ML.Data;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>Passes the input's rows through and adds the stage's columns to them.</summary>
internal sealed class StageCursor<TRequest, TResult> : DataViewRowCursor
{
    private readonly RowStage<TRequest, TResult> _stage;
    private readonly bool[] _active;
    private readonly DataViewRowCursor _input;
    private readonly LookAhead<TRequest, TResult>? _ahead;
    private readonly Delegate[] _added;
    private TResult? _current;

    /// <param name="stage">The columns.</param>
    /// <param name="columns">Those that are active.</param>
    /// <param name="input">Owned from here on.</param>
    /// <param name="ahead">Owned from here on; null to compute each row when it is read.</param>
    public StageCursor(
        RowStage<TRequest, TResult> stage, IEnumerable<DataViewSchema.Column> columns, DataViewRowCursor input,
        LookAhead<TRequest, TResult>? ahead = null)
    {
        _stage = stage;
        _active = stage.Active(columns);
        _input = input;
        _ahead = ahead;
        _added = stage.Getters(ahead is null ? new RowResult<TRequest, TResult>(stage, input).Current : Ahead);
    }

    public override DataViewSchema Schema => _stage.Output;

    public override long Position => _input.Position;

    public override long Batch => _input.Batch;

    public override bool MoveNext()
    {
        if (!_input.MoveNext())
        {
            _current = default;
            return false;
        }
        if (_ahead is not null)
            _current = _ahead.Next();
        return true;
    }

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
        _stage.Getter<TValue>(column, IsColumnActive(column), _input, _added);

    public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _ahead?.Dispose();
        }
        base.Dispose(disposing);
    }

    private TResult Ahead() => _current ?? throw new InvalidOperationException("The cursor stands on no row.");
}
