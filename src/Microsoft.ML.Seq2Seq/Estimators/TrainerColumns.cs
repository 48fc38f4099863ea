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
        Check(context, input, nameof(input), options);
        var columns = input.ToDictionary(column => column.Name);
        foreach (var added in OutputColumn.For(options.Columns, options.Decoding))
        {
            var vector = added.Type as VectorDataViewType;
            columns[added.Name] = SchemaColumns.Create(added.Name, vector?.ItemType ?? added.Type,
                vector is null ? SchemaShape.Column.VectorKind.Scalar : SchemaShape.Column.VectorKind.VariableVector);
        }
        return new SchemaShape(columns.Values);
    }

    /// <summary>Source, label and, if there is one, prefix are single texts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is missing or of another type.</exception>
    public static void Check(IExceptionContext context, SchemaShape schema, string parameter, Seq2SeqTrainerOptions options)
    {
        Check("source", options.SourceColumnName);
        Check("label", options.LabelColumnName);
        if (options.Decoding.PrefixColumnName is { } prefix)
            Check("prefix", prefix);

        void Check(string role, string name)
        {
            var column = SchemaColumns.Find(context, schema, parameter, role, name);
            if (column.Kind != SchemaShape.Column.VectorKind.Scalar || column.ItemType is not TextDataViewType || column.IsKey)
                throw SchemaColumns.WrongType(context, parameter, role, name, "String", SchemaColumns.Describe(column));
        }
    }
}
