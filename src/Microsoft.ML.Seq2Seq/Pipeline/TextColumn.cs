using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>A column of single texts.</summary>
internal static class TextColumn
{
    /// <summary>Whether a column will hold single texts.</summary>
    public static bool Is(SchemaShape.Column column) =>
        column.Kind == SchemaShape.Column.VectorKind.Scalar && column.ItemType is TextDataViewType && !column.IsKey;

    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static void Check(IExceptionContext context, SchemaShape schema, string parameter, string role, string name)
    {
        var column = SchemaColumns.Find(context, schema, parameter, role, name);
        if (!Is(column))
            throw SchemaColumns.WrongType(context, parameter, role, name, "String", SchemaColumns.Describe(column));
    }

    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static DataViewSchema.Column Find(IExceptionContext context, DataViewSchema schema, string role, string name)
    {
        var column = SchemaColumns.Find(context, schema, nameof(schema), role, name);
        return column.Type is TextDataViewType
            ? column
            : throw SchemaColumns.WrongType(context, nameof(schema), role, name, "String", $"{column.Type}");
    }

    /// <summary>Reads a row's text; it is a copy, for a cursor may reuse its buffers.</summary>
    public static Func<string> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        var get = row.GetGetter<ReadOnlyMemory<char>>(column);
        ReadOnlyMemory<char> text = default;
        return () =>
        {
            get(ref text);
            return text.ToString();
        };
    }
}
