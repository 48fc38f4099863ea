using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Inference;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>
/// A data view with the model's columns added. It is lazy: nothing is decoded for a cursor that asks for none of them.
/// ML.NET's own row mappers would decode one row at a time on every core; this view reads ahead and decodes in batches.
/// </summary>
internal sealed class GenerationView(
    IHost host, IDataView input, GenerationSchema schema, TextGenerator generator, DecodingOptions options) : IDataView
{
    /// <summary>False: the cursor that reads ahead and the one that passes rows through have to see the same order.</summary>
    public bool CanShuffle => false;

    public DataViewSchema Schema => schema.Output;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        var columns = columnsNeeded.ToArray();
        var rows = input.GetRowCursor(schema.PassedThrough(columns));
        if (!columns.Any(schema.IsAdded))
            return new GenerationCursor(schema, columns, rows, ahead: null);
        try
        {
            var ahead = new LookAhead(host, input, schema, generator, options);
            return new GenerationCursor(schema, columns, rows, ahead);
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <summary>One cursor: the work inside a batch is parallel already.</summary>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}
