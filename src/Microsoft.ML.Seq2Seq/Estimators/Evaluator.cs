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
        var label = SchemaColumns.Find(host, data.Schema, nameof(data), "label", labelColumnName);
        if (((label.Type as VectorDataViewType)?.ItemType ?? label.Type) is not TextDataViewType)
            throw SchemaColumns.WrongType(host, nameof(data), "label", labelColumnName, "String or Vector<String>", $"{label.Type}");
        var predicted = SchemaColumns.Find(host, data.Schema, nameof(data), "predicted", predictedColumnName);
        if (predicted.Type is not TextDataViewType)
            throw SchemaColumns.WrongType(host, nameof(data), "predicted", predictedColumnName, "String", $"{predicted.Type}");

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
            if (getSource is not null && expected.Length > 0)
                scores!.Add(getSource(), expected[0], accumulator);
            rows++;
        }
        scores?.Flush(accumulator);
        if (rows == 0)
            throw new InvalidOperationException("There are no rows to evaluate.");
        return accumulator.Compute();
    }

    private static Func<string[]> References(DataViewRowCursor cursor, DataViewSchema.Column label)
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
            return [.. texts.DenseValues().Select(text => text.ToString())];
        };
    }
}
