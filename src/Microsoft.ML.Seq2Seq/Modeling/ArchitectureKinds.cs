namespace Microsoft.ML.Seq2Seq;

/// <summary>Where a layer normalises.</summary>
public enum NormPlacement
{
    /// <summary>Before each sub-layer, with one more normalisation after the last layer.</summary>
    Pre,

    /// <summary>After each residual sum, as in the paper.</summary>
    Post,
}

/// <summary>What a layer normalises by.</summary>
public enum NormalizationKind
{
    /// <summary>Mean and standard deviation (Ba et al. 2016).</summary>
    LayerNorm,

    /// <summary>Root mean square, without mean and bias (Zhang and Sennrich 2019): cheaper, about as good.</summary>
    RmsNorm,
}

/// <summary>The activation of the feed-forward blocks.</summary>
public enum ActivationKind
{
    /// <summary>max(0, x), the paper's.</summary>
    Relu,

    /// <summary>x·Φ(x) (Hendrycks and Gimpel 2016).</summary>
    Gelu,

    /// <summary>x·σ(x), also known as Swish.</summary>
    Silu,

    /// <summary>GELU gate (Shazeer 2020): GELU(xW)·xV, with a second input matrix.</summary>
    GeGlu,

    /// <summary>SiLU gate (Shazeer 2020): SiLU(xW)·xV, with a second input matrix.</summary>
    SwiGlu,
}

/// <summary>How a token's position reaches the model.</summary>
public enum PositionalEncodingKind
{
    /// <summary>Sines and cosines added to the embeddings (section 3.5 of the paper).</summary>
    Sinusoidal,

    /// <summary>A learned vector for each of the first 1,024 positions, added to the embeddings; later positions share
    /// the last.</summary>
    Learned,

    /// <summary>Queries and keys turned by an angle that grows with the position (Su et al. 2021). With an
    /// <see cref="TransformerArchitecture.AttentionWindow"/> a model may read longer texts than it was trained on; without
    /// one it can't.</summary>
    Rotary,

    /// <summary>A penalty on attention that grows linearly with the distance (Press et al. 2022). In the encoder every other
    /// head reads to the left and those between to the right, so that order shows: take an even number of heads.</summary>
    Alibi,

    /// <summary>A learned bias on attention for each bucket of distances (Raffel et al. 2020, T5).</summary>
    Relative,
}

/// <summary>Which embedding matrices are one and the same.</summary>
public enum EmbeddingSharing
{
    /// <summary>Source, target and output matrices are separate.</summary>
    None,

    /// <summary>The decoder's input and output are one matrix (Press and Wolf 2017).</summary>
    DecoderInputOutput,

    /// <summary>Source, target and output are one matrix, as in the paper: needs a shared vocabulary.</summary>
    All,
}
