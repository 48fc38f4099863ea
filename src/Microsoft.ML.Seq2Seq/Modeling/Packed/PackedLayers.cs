namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary><see cref="Residual"/> at prediction: where a sub-layer reads from, and what its sum with the stream becomes.</summary>
internal sealed unsafe class PackedResidual(IPackedWeights weights, string name, TransformerArchitecture architecture)
{
    private readonly PackedNorm _norm = new(weights, $"{name}.norm");
    private readonly bool _normalizeFirst = architecture.NormPlacement == NormPlacement.Pre;

    /// <summary>What the sub-layer reads.</summary>
    /// <param name="stream">(rows, D)</param>
    /// <param name="normed">(rows, D) memory for it.</param>
    public float* Before(float* stream, int rows, float* normed)
    {
        if (!_normalizeFirst)
            return stream;
        _norm.Apply(stream, rows, normed);
        return normed;
    }

    /// <summary>To call when the sub-layer has added its output to the stream.</summary>
    public void After(float* stream, int rows)
    {
        if (!_normalizeFirst)
            _norm.Apply(stream, rows, stream);
    }
}

/// <summary><see cref="EncoderLayer"/> at prediction.</summary>
internal sealed unsafe class PackedEncoderLayer(
    IPackedWeights weights, string name, TransformerArchitecture architecture, PackedPositions positions)
{
    private readonly PackedSelfAttention _selfAttention = new(weights, $"{name}.self_attention", architecture, positions);
    private readonly PackedResidual _selfAttentionResidual = new(weights, $"{name}.self_attention_residual", architecture);
    private readonly PackedFeedForward _feedForward = new(weights, $"{name}.feed_forward", architecture);
    private readonly PackedResidual _feedForwardResidual = new(weights, $"{name}.feed_forward_residual", architecture);

    /// <summary>Of the weights.</summary>
    public long Bytes => _selfAttention.Bytes + _feedForward.Bytes;

    /// <param name="stream">(positions, D) sources one behind the other; overwritten.</param>
    /// <param name="normed">(positions, D) memory.</param>
    /// <param name="lengths">Of each source.</param>
    public void Forward(float* stream, int positions, float* normed, ReadOnlySpan<int> lengths, Arena scratch)
    {
        _selfAttention.AddTo(stream, _selfAttentionResidual.Before(stream, positions, normed), lengths, scratch);
        _selfAttentionResidual.After(stream, positions);
        _feedForward.AddTo(stream, _feedForwardResidual.Before(stream, positions, normed), positions, scratch);
        _feedForwardResidual.After(stream, positions);
    }
}

/// <summary><see cref="DecoderLayer"/> at prediction.</summary>
internal sealed unsafe class PackedDecoderLayer(
    IPackedWeights weights, string name, TransformerArchitecture architecture, PackedPositions positions)
{
    private readonly PackedSelfAttention _selfAttention = new(weights, $"{name}.self_attention", architecture, positions);
    private readonly PackedResidual _selfAttentionResidual = new(weights, $"{name}.self_attention_residual", architecture);
    private readonly PackedResidual _crossAttentionResidual = new(weights, $"{name}.cross_attention_residual", architecture);
    private readonly PackedFeedForward _feedForward = new(weights, $"{name}.feed_forward", architecture);
    private readonly PackedResidual _feedForwardResidual = new(weights, $"{name}.feed_forward_residual", architecture);

    public PackedCrossAttention CrossAttention { get; } = new(weights, $"{name}.cross_attention", architecture);

    /// <summary>Of the weights that a step reads.</summary>
    public long Bytes => _selfAttention.Bytes + CrossAttention.Bytes + _feedForward.Bytes;

    /// <summary>The next position of some hypotheses.</summary>
    /// <param name="stream">(R, D) overwritten.</param>
    /// <param name="normed">(R, D) memory.</param>
    /// <param name="rows">The hypotheses.</param>
    /// <param name="layer">Which layer this is.</param>
    /// <param name="shares">See <see cref="PackedCrossAttention.AddTo"/>.</param>
    public void Next(float* stream, float* normed, PackedRows rows, int layer, float* shares, Arena scratch)
    {
        _selfAttention.AddNext(stream, _selfAttentionResidual.Before(stream, rows.Count, normed), rows, layer, scratch);
        _selfAttentionResidual.After(stream, rows.Count);
        CrossAttention.AddTo(stream, _crossAttentionResidual.Before(stream, rows.Count, normed), rows, layer, shares, scratch);
        _crossAttentionResidual.After(stream, rows.Count);
        _feedForward.AddTo(stream, _feedForwardResidual.Before(stream, rows.Count, normed), rows.Count, scratch);
        _feedForwardResidual.After(stream, rows.Count);
    }
}
