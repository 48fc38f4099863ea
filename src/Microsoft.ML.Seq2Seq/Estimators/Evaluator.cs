using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Evaluation;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Feeds the rows of a data view to the metrics.</summary>
internal static class Evaluator
{
    /// <param name="host">Of the caller.</param>
    /// <param name="data">Scored rows.</param>
    /// <param name="model">Null leaves out what a model makes of the references.</param>
    /// <param name="labelColumnName">Text, or a vector of text.</param>
    /// <param name="predictedColumnName">Text.</param>
    /// <param name="options">Checked here.</param>
    public static Seq2SeqMetrics Evaluate(
        IHost host, IDataView data, Seq2SeqTransformer? model, string labelColumnName, string predictedColumnName, EvaluationOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        options.Validate();
        var label = Label(host, data.Schema, nameof(data), labelColumnName);
        var predicted = Predicted(host, data.Schema, nameof(data), predictedColumnName);

        var accumulator = new MetricAccumulator(options);
        var scores = model is null ? null : new ReferenceScores(model);
        var source = scores?.Source(host, data.Schema);
        using var cursor = data.GetRowCursor(source is { } column ? [label, predicted, column] : [label, predicted]);
        var getSource = source is { } read ? SourceColumn.Reader(cursor, read) : null;
        var references = References(cursor, label);
        var getPredicted = cursor.GetGetter<ReadOnlyMemory<char>>(predicted);
        ReadOnlyMemory<char> text = default;
        long rows = 0;
        while (cursor.MoveNext())
        {
            getPredicted(ref text);
            string[] expected = references();
            accumulator.Add(text.ToString(), expected);
            if (getSource is not null)
                scores!.Add(getSource(), expected[0], accumulator);
            rows++;
        }
        scores?.Flush(accumulator);
        if (rows == 0)
            throw new InvalidOperationException("There are no rows to evaluate.");
        return accumulator.Compute();
    }

    /// <summary>The column with the references: text, or a vector of text.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or of another type.</exception>
    public static DataViewSchema.Column Label(IExceptionContext context, DataViewSchema schema, string parameter, string name)
    {
        var label = SchemaColumns.Find(context, schema, parameter, "label", name);
        return ((label.Type as VectorDataViewType)?.ItemType ?? label.Type) is TextDataViewType
            ? label
            : throw SchemaColumns.WrongType(context, parameter, "label", name, "String or Vector<String>", $"{label.Type}");
    }

    /// <summary>The column with what was written: text.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or of another type.</exception>
    public static DataViewSchema.Column Predicted(IExceptionContext context, DataViewSchema schema, string parameter, string name)
    {
        var predicted = SchemaColumns.Find(context, schema, parameter, "predicted", name);
        return predicted.Type is TextDataViewType
            ? predicted
            : throw SchemaColumns.WrongType(context, parameter, "predicted", name, "String", $"{predicted.Type}");
    }

    /// <summary>Reads a row's references, at least one. A column of vectors may lack some, or have them empty: those don't count,
    /// unless there is no other.</summary>
    public static Func<string[]> References(DataViewRowCursor cursor, DataViewSchema.Column label)
    {
        if (label.Type is TextDataViewType)
        {
            var getText = cursor.GetGetter<ReadOnlyMemory<char>>(label);
            ReadOnlyMemory<char> text = default;
            return () =>
            {
                getText(ref text);
                return [text.ToString()];
            };
        }
        var getTexts = cursor.GetGetter<VBuffer<ReadOnlyMemory<char>>>(label);
        VBuffer<ReadOnlyMemory<char>> texts = default;
        return () =>
        {
            getTexts(ref texts);
            string[] given = [.. texts.DenseValues().Where(text => !text.IsEmpty).Select(text => text.ToString())];
            return given.Length > 0 ? given : [""];
        };
    }
}
