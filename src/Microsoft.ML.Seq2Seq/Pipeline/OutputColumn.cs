using Microsoft.ML.Data;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>A column that a model adds, and how its value is read off a generation.</summary>
internal abstract record OutputColumn(string Name, DataViewType Type)
{
    /// <summary>A <see cref="ValueGetter{TValue}"/> of the column's raw type.</summary>
    public abstract Delegate Getter(Func<Generation> current);

    /// <summary>The columns that go with the decoding options, in their order.</summary>
    public static IReadOnlyList<OutputColumn> For(GenerationColumns columns, DecodingOptions options)
    {
        List<OutputColumn> added =
        [
            new OutputColumn<ReadOnlyMemory<char>>(columns.Predicted, TextDataViewType.Instance,
                (Generation generation, ref ReadOnlyMemory<char> value) => value = generation.Text.AsMemory()),
            new OutputColumn<float>(columns.Score, NumberDataViewType.Single,
                (Generation generation, ref float value) => value = generation.Score),
        ];
        if (options.NumberOfHypotheses > 1)
        {
            added.Add(Vector("Hypotheses", TextDataViewType.Instance, generation => generation.Hypotheses, one => one.Text.AsMemory()));
            added.Add(Vector("HypothesisScores", NumberDataViewType.Single, generation => generation.Hypotheses, one => one.Score));
        }
        if (options.OutputTokenScores)
            added.Add(Vector("TokenScores", NumberDataViewType.Single, generation => generation.TokenScores, score => score));
        if (options.OutputAlignment)
        {
            added.Add(Vector("Alignment", NumberDataViewType.Single,
                generation => generation.Alignment.SelectMany(shares => shares).ToArray(), share => share));
            added.Add(Vector("SourceTokens", TextDataViewType.Instance, generation => generation.SourceTokens, token => token.AsMemory()));
            added.Add(Vector("TargetTokens", TextDataViewType.Instance, generation => generation.Tokens, token => token.AsMemory()));
        }
        return added;
    }

    private static OutputColumn<VBuffer<TValue>> Vector<TItem, TValue>(
        string name, PrimitiveDataViewType type, Func<Generation, IReadOnlyList<TItem>> items, Func<TItem, TValue> value) =>
        new(name, new VectorDataViewType(type), (Generation generation, ref VBuffer<TValue> buffer) =>
        {
            var list = items(generation);
            var editor = VBufferEditor.Create(ref buffer, list.Count);
            for (int i = 0; i < list.Count; i++)
                editor.Values[i] = value(list[i]);
            buffer = editor.Commit();
        });
}

/// <summary>Reads a value off a generation.</summary>
internal delegate void GenerationValue<T>(Generation generation, ref T value);

/// <inheritdoc/>
internal sealed record OutputColumn<T>(string Name, DataViewType Type, GenerationValue<T> Read) : OutputColumn(Name, Type)
{
    public override Delegate Getter(Func<Generation> current) => (ValueGetter<T>)((ref T value) => Read(current(), ref value));
}

/// <summary>Names of a model's columns.</summary>
/// <param name="Source">Text to read.</param>
/// <param name="Predicted">Text written.</param>
/// <param name="Score">Its score.</param>
internal sealed record GenerationColumns(string Source, string Predicted, string Score);
