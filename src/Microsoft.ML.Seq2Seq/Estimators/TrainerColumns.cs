using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>The checks of a trainer's columns: the same before training, on shapes, and at its start, on data.</summary>
internal static class TrainerColumns
{
    public static SchemaShape GetOutputSchema(IExceptionContext context, SchemaShape input, Seq2SeqTrainerOptions options)
    {
        ArgumentNullException.ThrowIfNull(input);
        bool keys = Check(context, input, nameof(input), options);
        var columns = input.ToDictionary(column => column.Name);
        foreach (var added in OutputColumn.For(options.Columns, options.Decoding))
        {
            var vector = added.Type as VectorDataViewType;
            columns[added.Name] = SchemaColumns.Create(added.Name, vector?.ItemType ?? added.Type,
                vector is null ? SchemaShape.Column.VectorKind.Scalar : SchemaShape.Column.VectorKind.VariableVector);
        }
        if (keys)
            columns[options.PredictedColumnName] = SubwordKeys.Shape(options.PredictedColumnName);
        return new SchemaShape(columns.Values);
    }

    /// <summary>Source and label are both single texts or both keys of subwords; the prefix, if there is one, is text.</summary>
    /// <returns>Whether they are keys.</returns>
    /// <exception cref="ArgumentOutOfRangeException">One is missing or of another type.</exception>
    public static bool Check(IExceptionContext context, SchemaShape schema, string parameter, Seq2SeqTrainerOptions options)
    {
        bool keys = SubwordKeys.Has(SourceColumn.Check(context, schema, parameter, options.SourceColumnName));
        var label = SchemaColumns.Find(context, schema, parameter, "label", options.LabelColumnName);
        if (keys ? !SubwordKeys.Has(label) : !TextColumn.Is(label))
            throw SchemaColumns.WrongType(context, parameter, "label", options.LabelColumnName,
                $"{(keys ? SubwordKeys.Expected : "String")}, as the source is", SchemaColumns.Describe(label));
        if (options.Decoding.PrefixColumnName is { } prefix)
            TextColumn.Check(context, schema, parameter, "prefix", prefix);
        return keys;
    }
}
