namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>The result of the row that an input stands on, made once for a row, however many columns are read off it.</summary>
internal sealed class RowResult<TRequest, TResult>
{
    private readonly RowStage<TRequest, TResult> _stage;
    private readonly DataViewRow _input;
    private readonly Func<TRequest>? _reader;
    private long _position = -1;
    private TResult? _current;

    public RowResult(RowStage<TRequest, TResult> stage, DataViewRow input)
    {
        _stage = stage;
        _input = input;
        if (stage.Read.All(input.IsColumnActive))
            _reader = stage.Reader(input);
    }

    public TResult Current()
    {
        if (_current is null || _position != _input.Position)
        {
            if (_reader is null)
                throw new InvalidOperationException(
                    $"The row to map lacks an active column of: {string.Join(", ", _stage.Read.Select(column => column.Name))}.");
            _current = _stage.Map([_reader()])[0];
            _position = _input.Position;
        }
        return _current;
    }
}
