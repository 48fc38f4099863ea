using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>The rows of a data view as texts, read anew each time they are enumerated. Keys of subwords are joined.</summary>
internal sealed class InspectionRows
{
    private readonly IDataView _data;
    private readonly DataViewSchema.Column _source, _target;
    private readonly DataViewSchema.Column? _predicted, _score;
    private readonly Cancellation _cancellation;

    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public InspectionRows(IHost host, IDataView data, string parameter, InspectionOptions options, Cancellation cancellation)
    {
        _data = data;
        _cancellation = cancellation;
        _source = Find("source", options.SourceColumnName);
        _target = Find("label", options.LabelColumnName);
        if (data.Schema.GetColumnOrNull(options.PredictedColumnName) is null && options.PredictedColumnName == DefaultNames.Predicted)
            return;
        _predicted = Find("predicted", options.PredictedColumnName);
        _score = data.Schema.GetColumnOrNull(options.ScoreColumnName);
        if (_score is { } score && score.Type.RawType != typeof(float))
            throw SchemaColumns.WrongType(host, parameter, "score", options.ScoreColumnName, "Single", $"{score.Type}");

        DataViewSchema.Column Find(string role, string name)
        {
            var column = SchemaColumns.Find(host, data.Schema, parameter, role, name);
            return column.Type is TextDataViewType || SubwordKeys.Has(column)
                ? column
                : throw SchemaColumns.WrongType(host, parameter, role, name, $"String or {SubwordKeys.Expected}", $"{column.Type}");
        }
    }

    public bool AreScored => _predicted is not null;

    public IEnumerable<TextRow> Read()
    {
        using var cursor = _data.GetRowCursor([.. new[] { _source, _target, _predicted, _score }.OfType<DataViewSchema.Column>().DistinctBy(column => column.Index)]);
        Func<string> source = Reader(cursor, _source), target = Reader(cursor, _target);
        var predicted = _predicted is { } written ? Reader(cursor, written) : null;
        var getScore = _score is { } column ? cursor.GetGetter<float>(column) : null;
        float score = float.NaN;
        for (long row = 1; cursor.MoveNext(); row++)
        {
            _cancellation.ThrowIfRequested();
            getScore?.Invoke(ref score);
            yield return new TextRow(row, source(), target(), predicted?.Invoke(), score);
        }
    }

    private static Func<string> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        if (SubwordKeys.Of(column) is not { } keys)
            return TextColumn.Reader(row, column);
        var ids = SubwordKeys.Reader(row, column);
        return () => keys.Tokenizer.Decode(ids());
    }
}
