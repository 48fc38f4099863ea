using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Interop;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>The column that a model reads: text, or the keys of its subwords.</summary>
internal static class SourceColumn
{
    private const string Role = "source";

    private static readonly string _expected = $"String or {SubwordKeys.Expected}";

    /// <summary>Checks a column before its vocabulary is known.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static SchemaShape.Column Check(IExceptionContext context, SchemaShape schema, string parameter, string name)
    {
        var column = SchemaColumns.Find(context, schema, parameter, Role, name);
        return TextColumn.Is(column) || SubwordKeys.Has(column)
            ? column
            : throw SchemaColumns.WrongType(context, parameter, Role, name, _expected, SchemaColumns.Describe(column));
    }

    /// <param name="context">The host of the component that asks.</param>
    /// <param name="schema">Where to look.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="keys">The model's: those of a column have to be of the same vocabulary.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, of another type, or of another
    /// vocabulary.</exception>
    public static DataViewSchema.Column Find(IExceptionContext context, DataViewSchema schema, string name, SubwordKeys keys)
    {
        var column = SchemaColumns.Find(context, schema, nameof(schema), Role, name);
        if (column.Type is TextDataViewType)
            return column;
        if (!SubwordKeys.Has(column))
            throw SchemaColumns.WrongType(context, nameof(schema), Role, name, _expected, $"{column.Type}");
        return keys.IsVocabularyOf(column)
            ? column
            : throw SchemaColumns.WrongType(context, nameof(schema), Role, name,
                "keys of the vocabulary that the model was trained with", "keys of another vocabulary");
    }

    /// <summary>Reads a row's source.</summary>
    public static Func<GenerationRequest> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is TextDataViewType)
        {
            var text = TextColumn.Reader(row, column);
            return () => new GenerationRequest(text());
        }
        var ids = SubwordKeys.Reader(row, column);
        return () => new GenerationRequest(Source: null) { SourceIds = ids() };
    }
}
