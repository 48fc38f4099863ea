using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// Everything that a model remembers between two steps of decoding: a value of the caller's. The rows are hypotheses,
/// those of one source next to each other, the same number for every source.
/// </summary>
internal abstract class DecoderState : IDisposable
{
    /// <summary>Sources that are still being decoded.</summary>
    public abstract int Sources { get; }

    /// <summary>Tokens read so far.</summary>
    public abstract int Position { get; }

    /// <summary>What steps note of how the hypotheses attend to the source; null: nothing. Set on the state of <c>Start</c>,
    /// kept by those that follow.</summary>
    public NotedAttention? Noted { get; set; }

    /// <summary>(R, S) of a <see cref="SequenceModel"/>'s last step: the shares of attention that source tokens had when the
    /// next token was predicted. Null unless they are noted. Belongs to the dispose scope around the step.</summary>
    public Tensor? Attention { get; set; }

    public abstract void Dispose();
}

/// <summary>Which attention to the source is noted.</summary>
/// <param name="Layer">Of the decoder, from 0; null: its last but one, which aligns best (Garg et al. 2019, section
/// 4.2).</param>
/// <param name="Head">From 0; null: the mean of all heads.</param>
internal sealed record NotedAttention(int? Layer, int? Head)
{
    public int LayerOf(int layers) => Layer ?? Math.Max(0, layers - 2);
}

/// <summary>One decoder layer's share of the state.</summary>
/// <param name="Cache">Keys and values of the tokens written so far, a row for each hypothesis.</param>
/// <param name="Memory">Keys and values of the source, each (B, groups, S, d): one row for each source.</param>
internal sealed record DecoderLayerState(AttentionCache Cache, (Tensor Keys, Tensor Values) Memory) : IDisposable
{
    /// <summary>The state of other hypotheses; <paramref name="sources"/> null keeps the sources.</summary>
    public DecoderLayerState Select(Tensor hypotheses, Tensor? sources)
    {
        var cache = Cache.Select(hypotheses);
        Cache.Dispose();
        if (sources is null)
            return new DecoderLayerState(cache, Memory);
        var memory = (Memory.Keys.index_select(0, sources).DetachFromDisposeScope(),
            Memory.Values.index_select(0, sources).DetachFromDisposeScope());
        Memory.Keys.Dispose();
        Memory.Values.Dispose();
        return new DecoderLayerState(cache, memory);
    }

    public void Dispose()
    {
        Cache.Dispose();
        Memory.Keys.Dispose();
        Memory.Values.Dispose();
    }
}

/// <summary>State of a Transformer decoder.</summary>
/// <param name="layers">Each layer's share.</param>
/// <param name="sourceMask">(B, 1, 1, S) or null.</param>
internal sealed class TransformerState(IReadOnlyList<DecoderLayerState> layers, int sources, Tensor? sourceMask) : DecoderState
{
    public IReadOnlyList<DecoderLayerState> Layers => layers;

    public Tensor? SourceMask => sourceMask;

    public override int Sources => sources;

    public override int Position => layers[0].Cache.Length;

    public override void Dispose()
    {
        foreach (var layer in layers)
            layer.Dispose();
        sourceMask?.Dispose();
    }
}
