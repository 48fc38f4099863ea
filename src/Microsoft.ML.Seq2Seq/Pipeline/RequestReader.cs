using Microsoft.ML.Seq2Seq.Inference;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>Reads what a prediction is made from off a row.</summary>
internal sealed class RequestReader(DataViewRow row, GenerationSchema schema)
{
    private readonly ValueGetter<ReadOnlyMemory<char>> _source = row.GetGetter<ReadOnlyMemory<char>>(schema.Source);
    private readonly ValueGetter<ReadOnlyMemory<char>>? _prefix =
        schema.Prefix is { } prefix ? row.GetGetter<ReadOnlyMemory<char>>(prefix) : null;

    /// <summary>Of the row as it stands; the texts are copies, for a cursor may reuse its buffers.</summary>
    public GenerationRequest Read() => new(Text(_source), _prefix is null ? null : Text(_prefix));

    private static string Text(ValueGetter<ReadOnlyMemory<char>> get)
    {
        ReadOnlyMemory<char> text = default;
        get(ref text);
        return text.ToString();
    }
}
