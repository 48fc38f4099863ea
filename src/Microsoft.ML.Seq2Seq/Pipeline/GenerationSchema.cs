using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>A data view's columns followed by those that the model adds.</summary>
internal sealed class GenerationSchema
{
    /// <exception cref="ArgumentOutOfRangeException">The source or prefix column is missing or isn't text.</exception>
    public GenerationSchema(IExceptionContext context, DataViewSchema input, GenerationColumns columns, DecodingOptions options)
    {
        Input = input;
        Source = Text("source", columns.Source);
        if (options.PrefixColumnName is { } prefix)
            Prefix = Text("prefix", prefix);
        Added = OutputColumn.For(columns, options);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        foreach (var column in Added)
            builder.AddColumn(column.Name, column.Type);
        Output = builder.ToSchema();

        DataViewSchema.Column Text(string role, string name)
        {
            var column = SchemaColumns.Find(context, input, nameof(input), role, name);
            return column.Type is TextDataViewType
                ? column
                : throw SchemaColumns.WrongType(context, nameof(input), role, name, "String", $"{column.Type}");
        }
    }

    public DataViewSchema Input { get; }

    public DataViewSchema Output { get; }

    public DataViewSchema.Column Source { get; }

    /// <summary>Null where outputs are free to begin as they like.</summary>
    public DataViewSchema.Column? Prefix { get; }

    /// <summary>The columns that a prediction is made from.</summary>
    public IEnumerable<DataViewSchema.Column> Read => Prefix is { } prefix ? [Source, prefix] : [Source];

    /// <summary>They stand after the input's columns, hidden ones counted.</summary>
    public IReadOnlyList<OutputColumn> Added { get; }

    public bool IsAdded(DataViewSchema.Column column) => column.Index >= Input.Count;

    /// <summary>The input's columns among the given ones.</summary>
    public IEnumerable<DataViewSchema.Column> PassedThrough(IEnumerable<DataViewSchema.Column> columns) =>
        columns.Where(column => !IsAdded(column)).Select(column => Input[column.Index]);

    /// <summary>Getters of the added columns, in their order.</summary>
    public Delegate[] Getters(Func<Generation> current) => [.. Added.Select(column => column.Getter(current))];

    /// <summary>Finds the getter of an active column: an added one's, or the input's own.</summary>
    public ValueGetter<T> Getter<T>(DataViewSchema.Column column, bool isActive, DataViewRow input, Delegate[] added)
    {
        if (!isActive)
            throw new ArgumentException($"Column '{column.Name}' is not active in this row.", nameof(column));
        if (!IsAdded(column))
            return input.GetGetter<T>(Input[column.Index]);
        return added[column.Index - Input.Count] as ValueGetter<T>
            ?? throw new InvalidOperationException(
                $"Column '{column.Name}' holds values of type {column.Type.RawType}; asked for as {typeof(T)}.");
    }

    /// <summary>For each output column whether it is among the given ones.</summary>
    public bool[] Active(IEnumerable<DataViewSchema.Column> columns)
    {
        var active = new bool[Output.Count];
        foreach (var column in columns)
            active[column.Index] = true;
        return active;
    }
}
