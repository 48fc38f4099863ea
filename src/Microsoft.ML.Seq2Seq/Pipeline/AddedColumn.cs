using Microsoft.ML.Data;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>A column that a stage adds, and how its value is read off the result of a row.</summary>
/// <param name="Name">May hide a column of the input.</param>
/// <param name="Type">What it holds.</param>
/// <param name="Annotations">What it says of itself; null for nothing.</param>
internal abstract record AddedColumn<TResult>(string Name, DataViewType Type, DataViewSchema.Annotations? Annotations)
{
    /// <summary>A <see cref="ValueGetter{TValue}"/> of the column's raw type.</summary>
    public abstract Delegate Getter(Func<TResult> current);
}

/// <summary>Reads a value off a row's result.</summary>
internal delegate void ReadValue<TResult, T>(TResult result, ref T value);

/// <inheritdoc/>
internal sealed record AddedColumn<TResult, T>(
    string Name, DataViewType Type, ReadValue<TResult, T> Read, DataViewSchema.Annotations? Annotations = null)
    : AddedColumn<TResult>(Name, Type, Annotations)
{
    public override Delegate Getter(Func<TResult> current) => (ValueGetter<T>)((ref T value) => Read(current(), ref value));
}
