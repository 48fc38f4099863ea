using Microsoft.ML.Data;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>The columns that a model adds.</summary>
internal static class OutputColumn
{
    /// <summary>Those that go with the decoding options, in their order.</summary>
    /// <param name="columns">Their names.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="keys">How the prediction becomes keys; null where it is text.</param>
    /// <param name="confidence">The name of the column of confidences; null where the model was not calibrated.</param>
    public static IReadOnlyList<AddedColumn<Generation>> For(
        GenerationColumns columns, DecodingOptions options, SubwordKeys? keys = null, string? confidence = null)
    {
        List<AddedColumn<Generation>> added =
        [
            keys?.Column<Generation>(columns.Predicted, generation => generation.TokenIds)
                ?? new AddedColumn<Generation, ReadOnlyMemory<char>>(columns.Predicted, TextDataViewType.Instance,
                    (Generation generation, ref ReadOnlyMemory<char> value) => value = generation.Text.AsMemory()),
            new AddedColumn<Generation, float>(columns.Score, NumberDataViewType.Single,
                (Generation generation, ref float value) => value = generation.Score),
        ];
        if (confidence is not null)
            added.Add(new AddedColumn<Generation, float>(confidence, NumberDataViewType.Single,
                (Generation generation, ref float value) => value = generation.Confidence));
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

    private static AddedColumn<Generation, VBuffer<TValue>> Vector<TItem, TValue>(
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

/// <summary>Names of a model's columns.</summary>
/// <param name="Source">Text to read.</param>
/// <param name="Predicted">Text written.</param>
/// <param name="Score">Its score.</param>
internal sealed record GenerationColumns(string Source, string Predicted, string Score);
