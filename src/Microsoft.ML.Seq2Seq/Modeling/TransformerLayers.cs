using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>A residual connection around a sub-layer, normalised before or after (section 5.4 drops the sub-layer's
/// output; section 3.1 adds and normalises).</summary>
internal sealed class Residual : nn.Module
{
    private readonly bool _normalizeFirst;
    private readonly double _dropout;

    [ComponentName(Name = "norm")]
    private readonly Norm _norm;

    public Residual(TransformerArchitecture architecture)
        : base(nameof(Residual))
    {
        _normalizeFirst = architecture.NormPlacement == NormPlacement.Pre;
        _dropout = architecture.Dropout;
        _norm = new Norm(architecture.Normalization, architecture.ModelDimension);
        RegisterComponents();
    }

    /// <summary>(B, T, D) → (B, T, D)</summary>
    public Tensor Around(Tensor x, Func<Tensor, Tensor> subLayer, TrainingPass? training)
    {
        using var y = subLayer(_normalizeFirst ? _norm.Forward(x) : x); // the graph does not need it
        var sum = training?.Dropout.Add(x, y, _dropout) ?? x.Plus(y);
        return _normalizeFirst ? sum : _norm.Forward(sum);
    }
}

/// <summary>One encoder layer: self-attention, feed-forward (figure 1, left).</summary>
internal sealed class EncoderLayer : nn.Module
{
    [ComponentName(Name = "self_attention")]
    private readonly MultiHeadAttention _selfAttention;

    [ComponentName(Name = "self_attention_residual")]
    private readonly Residual _selfAttentionResidual;

    [ComponentName(Name = "feed_forward")]
    private readonly FeedForward _feedForward;

    [ComponentName(Name = "feed_forward_residual")]
    private readonly Residual _feedForwardResidual;

    public EncoderLayer(Generator generator, TransformerArchitecture architecture)
        : base(nameof(EncoderLayer))
    {
        _selfAttention = new MultiHeadAttention(generator, architecture);
        _selfAttentionResidual = new Residual(architecture);
        _feedForward = new FeedForward(generator, architecture);
        _feedForwardResidual = new Residual(architecture);
        RegisterComponents();
    }

    /// <summary>(N, D) → (N, D)</summary>
    public Tensor Forward(Tensor x, TokenRows rows, PositionalEncoding positions, AttentionBias bias, TrainingPass? training)
    {
        x = _selfAttentionResidual.Around(x, y => _selfAttention.SelfAttend(y, rows, positions, bias, training), training);
        return _feedForwardResidual.Around(x, y => _feedForward.Forward(y, training), training);
    }
}

/// <summary>One decoder layer: masked self-attention, attention over the encoder's output, feed-forward (figure 1,
/// right).</summary>
internal sealed class DecoderLayer : nn.Module
{
    [ComponentName(Name = "self_attention")]
    private readonly MultiHeadAttention _selfAttention;

    [ComponentName(Name = "self_attention_residual")]
    private readonly Residual _selfAttentionResidual;

    [ComponentName(Name = "cross_attention")]
    private readonly MultiHeadAttention _crossAttention;

    [ComponentName(Name = "cross_attention_residual")]
    private readonly Residual _crossAttentionResidual;

    [ComponentName(Name = "feed_forward")]
    private readonly FeedForward _feedForward;

    [ComponentName(Name = "feed_forward_residual")]
    private readonly Residual _feedForwardResidual;

    public DecoderLayer(Generator generator, TransformerArchitecture architecture)
        : base(nameof(DecoderLayer))
    {
        _selfAttention = new MultiHeadAttention(generator, architecture);
        _selfAttentionResidual = new Residual(architecture);
        _crossAttention = new MultiHeadAttention(generator, architecture);
        _crossAttentionResidual = new Residual(architecture);
        _feedForward = new FeedForward(generator, architecture);
        _feedForwardResidual = new Residual(architecture);
        RegisterComponents();
    }

    /// <summary>All positions at once: (N, D) → (N, D).</summary>
    /// <param name="x">(N, D)</param>
    /// <param name="rows">Where its tokens are.</param>
    /// <param name="memory">(M, D) the encoder's output.</param>
    /// <param name="sourceRows">Where its tokens are.</param>
    /// <param name="positions">How positions reach queries and keys.</param>
    /// <param name="selfBias">Of self-attention, causal.</param>
    /// <param name="sourceBias">Of attention over the encoder's output.</param>
    /// <param name="training">Null at prediction.</param>
    public Tensor Forward(
        Tensor x, TokenRows rows, Tensor memory, TokenRows sourceRows, PositionalEncoding positions, AttentionBias selfBias,
        AttentionBias sourceBias, TrainingPass? training)
    {
        x = _selfAttentionResidual.Around(x, y => _selfAttention.SelfAttend(y, rows, positions, selfBias, training), training);
        if (training is not null && sourceBias.IsLong)
            x = training.Tape.Cut(x); // the attention's piece and the residual connection both lead here
        x = _crossAttentionResidual.Around(
            x, y => _crossAttention.CrossAttend(y, rows, memory, sourceRows, sourceBias, training), training);
        return _feedForwardResidual.Around(x, y => _feedForward.Forward(y, training), training);
    }

    /// <summary>The next position of every hypothesis: (R, 1, D) → (R, 1, D), where R rows are the hypotheses of B
    /// sources, K each.</summary>
    /// <param name="noteAttention">Gets the weights of attention over the source, (B, H, K, S).</param>
    public Tensor Next(
        Tensor x, DecoderLayerState state, PositionalEncoding positions, Tensor? selfBias, Tensor? sourceMask,
        Action<Tensor>? noteAttention)
    {
        var shape = x.shape;
        long rows = shape[0], sources = state.Memory.Keys.shape[0], width = shape[2];
        x = _selfAttentionResidual.Around(
            x, y => _selfAttention.SelfAttendNext(y, positions, selfBias, state.Cache), training: null);
        // The hypotheses of one source are so many query positions on one copy of its keys and values.
        x = _crossAttentionResidual.Around(x.view(sources, rows / sources, width),
            y => _crossAttention.CrossAttendNext(y, state.Memory, sourceMask, noteAttention), training: null); // (B, K, D)
        return _feedForwardResidual.Around(x.view(rows, 1, width), y => _feedForward.Forward(y, training: null), training: null);
    }

    /// <summary>State before the first position, one hypothesis for each source.</summary>
    public DecoderLayerState Start(Tensor memory)
    {
        var (keys, values) = _crossAttention.Memory(memory, new TokenRows(memory.shape[0], memory.shape[1]), training: null);
        return new DecoderLayerState(
            _selfAttention.CreateCache(memory.shape[0], memory),
            // Contiguous: every step reads them.
            (keys.contiguous().DetachFromDisposeScope(), values.contiguous().DetachFromDisposeScope()));
    }
}
