using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>Columns of a <see cref="SchemaShape"/>, and complaints about them in the form of ML.NET's own components.</summary>
internal static class SchemaColumns
{
    /// <summary>Describes a column that an estimator's transformer will add.</summary>
    /// <param name="name">The column's name.</param>
    /// <param name="itemType">The type of the value or of a vector's items; for a key, its raw number type.</param>
    /// <param name="kind">One value, or a vector of known or of varying size.</param>
    /// <param name="isKey">Whether the values are keys.</param>
    /// <param name="annotations">The shape of the column's annotations; null for none.</param>
    public static SchemaShape.Column Create(
        string name,
        DataViewType itemType,
        SchemaShape.Column.VectorKind kind = SchemaShape.Column.VectorKind.Scalar,
        bool isKey = false,
        SchemaShape? annotations = null) =>
        new(name, kind, itemType, isKey, annotations);

    /// <summary>A shape with one more column, which replaces the one of its name.</summary>
    public static SchemaShape With(SchemaShape schema, SchemaShape.Column column) =>
        new(schema.Where(other => other.Name != column.Name).Append(column));

    /// <summary>What an estimator knows of a data view's columns; hidden ones are left out.</summary>
    public static SchemaShape ShapeOf(DataViewSchema schema) => SchemaShape.Create(schema);

    /// <summary>Looks a column up.</summary>
    /// <param name="context">The host of the component that asks.</param>
    /// <param name="schema">Where to look.</param>
    /// <param name="parameterName">The caller's parameter to blame.</param>
    /// <param name="role">What the column is for, as in "could not find {role} column".</param>
    /// <param name="name">The column's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    public static SchemaShape.Column Find(IExceptionContext context, SchemaShape schema, string parameterName, string role, string name) =>
        schema.TryFindColumn(name, out SchemaShape.Column column) ? column : throw Missing(context, parameterName, role, name);

    /// <inheritdoc cref="Find(IExceptionContext, SchemaShape, string, string, string)"/>
    public static DataViewSchema.Column Find(IExceptionContext context, DataViewSchema schema, string parameterName, string role, string name) =>
        schema.GetColumnOrNull(name) ?? throw Missing(context, parameterName, role, name);

    /// <summary>The type of a column as ML.NET's messages print it, for example <c>Vector&lt;Key&lt;UInt32&gt;&gt;</c>.</summary>
    public static string Describe(SchemaShape.Column column) => column.GetTypeString();

    /// <summary>The exception for a column that isn't there.</summary>
    public static Exception Missing(IExceptionContext context, string parameterName, string role, string name) =>
        context.ExceptSchemaMismatch(parameterName, role, name);

    /// <summary>The exception for a column of the wrong type.</summary>
    public static Exception WrongType(
        IExceptionContext context, string parameterName, string role, string name, string expected, string actual) =>
        context.ExceptSchemaMismatch(parameterName, role, name, expected, actual);
}
