namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>
/// One step of a pipeline, for data of one schema: what it reads off a row, the result it makes of that, and the columns
/// that it adds after the input's. Views, cursors and mappers of all stages are the same.
/// </summary>
/// <typeparam name="TRequest">What is read off a row; it must not point into a cursor's buffers.</typeparam>
/// <typeparam name="TResult">What comes of it.</typeparam>
internal abstract class RowStage<TRequest, TResult>
{
    /// <param name="input">The columns that come in.</param>
    /// <param name="read">Those that a result is made from.</param>
    /// <param name="added">Those that are added.</param>
    protected RowStage(
        DataViewSchema input, IReadOnlyList<DataViewSchema.Column> read, IReadOnlyList<AddedColumn<TResult>> added)
    {
        Input = input;
        Read = read;
        Added = added;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        foreach (var column in added)
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        Output = builder.ToSchema();
    }

    public DataViewSchema Input { get; }

    public DataViewSchema Output { get; }

    public IReadOnlyList<DataViewSchema.Column> Read { get; }

    /// <summary>They stand after the input's columns, hidden ones counted.</summary>
    public IReadOnlyList<AddedColumn<TResult>> Added { get; }

    /// <summary>Whether many rows at a time cost less than one by one, so that a view reads ahead.</summary>
    public abstract bool ReadsAhead { get; }

    /// <summary>Reads requests off a row that moves on.</summary>
    public abstract Func<TRequest> Reader(DataViewRow row);

    /// <summary>Size of a request, in characters or tokens: bounds what is read ahead.</summary>
    public abstract int SizeOf(TRequest request);

    /// <summary>The results of requests, in their order. Called from any thread.</summary>
    /// <param name="requests">One or more.</param>
    /// <param name="mapped">Told of rows that are done, where that takes long; may come from other threads.</param>
    /// <param name="cancellation">Looked at where that takes long.</param>
    public abstract TResult[] Map(
        IReadOnlyList<TRequest> requests, Action<int>? mapped = null, CancellationToken cancellation = default);

    public bool IsAdded(DataViewSchema.Column column) => column.Index >= Input.Count;

    /// <summary>The input's columns among the given ones.</summary>
    public IEnumerable<DataViewSchema.Column> PassedThrough(IEnumerable<DataViewSchema.Column> columns) =>
        columns.Where(column => !IsAdded(column)).Select(column => Input[column.Index]);

    /// <summary>The input's columns that the given ones are made from.</summary>
    public IEnumerable<DataViewSchema.Column> Dependencies(IReadOnlyCollection<DataViewSchema.Column> columns) =>
        columns.Any(IsAdded) ? PassedThrough(columns).Concat(Read).Distinct() : PassedThrough(columns);

    /// <summary>Getters of the added columns, in their order.</summary>
    public Delegate[] Getters(Func<TResult> current) => [.. Added.Select(column => column.Getter(current))];

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
