using Microsoft.ML.Data;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>Passes the input's rows through and adds the model's columns to them.</summary>
internal sealed class GenerationCursor : DataViewRowCursor
{
    private readonly GenerationSchema _schema;
    private readonly bool[] _active;
    private readonly DataViewRowCursor _input;
    private readonly LookAhead? _ahead;
    private readonly Delegate[] _added;
    private Generation? _current;

    /// <param name="schema">The columns.</param>
    /// <param name="columns">Those that are active.</param>
    /// <param name="input">Owned from here on.</param>
    /// <param name="ahead">Owned from here on; null where no added column is active.</param>
    public GenerationCursor(
        GenerationSchema schema, IReadOnlyCollection<DataViewSchema.Column> columns, DataViewRowCursor input, LookAhead? ahead)
    {
        _schema = schema;
        _active = schema.Active(columns);
        _input = input;
        _ahead = ahead;
        _added = schema.Getters(() => _current ?? throw new InvalidOperationException("The cursor stands on no row."));
    }

    public override DataViewSchema Schema => _schema.Output;

    public override long Position => _input.Position;

    public override long Batch => _input.Batch;

    public override bool MoveNext()
    {
        if (!_input.MoveNext())
        {
            _current = null;
            return false;
        }
        _current = _ahead?.Next();
        return true;
    }

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
        _schema.Getter<TValue>(column, IsColumnActive(column), _input, _added);

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
}
