using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>
/// The shape of a Transformer (Vaswani et al. 2017, "Attention is all you need"). A new instance is
/// <see cref="Small"/>; the presets are fresh instances, free to change.
/// </summary>
public sealed class TransformerArchitecture
{
    /// <summary>Width of every layer's input and output, d_model in the paper. Default 256: enough for most tasks of a
    /// few hundred thousand pairs, and trainable on a CPU. Must be a multiple of <see cref="Heads"/>.</summary>
    public int ModelDimension { get; set; } = 256;

    /// <summary>Attention heads (section 3.2.2). Default 4: heads of 64 dimensions, as in the paper.</summary>
    public int Heads { get; set; } = 4;

    /// <summary>Heads of keys and values in self-attention and attention over the source; each serves
    /// <see cref="Heads"/> / <see cref="KeyValueHeads"/> query heads (grouped-query attention, Ainslie et al. 2023).
    /// Fewer make the cache of prediction smaller. Default null: as many as <see cref="Heads"/>, as in the paper.</summary>
    public int? KeyValueHeads { get; set; }

    /// <summary>Layers of the encoder. Default 4. Zero is allowed: the decoder then attends to the embeddings.</summary>
    public int EncoderLayers { get; set; } = 4;

    /// <summary>Layers of the decoder, which dominate the cost of prediction. Default 4; at least 1.</summary>
    public int DecoderLayers { get; set; } = 4;

    /// <summary>Width inside the feed-forward blocks, d_ff in the paper. Default 1024: four times the model's, as in
    /// the paper.</summary>
    public int FeedForwardDimension { get; set; } = 1024;

    /// <summary>Share of elements dropped from the sum of embeddings and positions and from the output of every
    /// sub-layer while training (section 5.4). Default 0.1, the paper's; small data wants 0.3.</summary>
    public double Dropout { get; set; } = 0.1;

    /// <summary>Share of attention weights dropped while training. Default 0: the paper drops none.</summary>
    public double AttentionDropout { get; set; }

    /// <summary>Share of feed-forward activations dropped while training. Default 0: the paper drops none.</summary>
    public double ActivationDropout { get; set; }

    /// <summary>Where the layers normalise. Default <see cref="NormPlacement.Pre"/>: it trains without care for the
    /// warm-up (Xiong et al. 2020).</summary>
    public NormPlacement NormPlacement { get; set; } = NormPlacement.Pre;

    /// <summary>What the layers normalise by. Default <see cref="NormalizationKind.LayerNorm"/>, the paper's.</summary>
    public NormalizationKind Normalization { get; set; } = NormalizationKind.LayerNorm;

    /// <summary>The feed-forward activation. Default <see cref="ActivationKind.Relu"/>, the paper's.</summary>
    public ActivationKind Activation { get; set; } = ActivationKind.Relu;

    /// <summary>How a token's position reaches the model. Default <see cref="PositionalEncodingKind.Sinusoidal"/>,
    /// the paper's.</summary>
    public PositionalEncodingKind PositionalEncoding { get; set; } = PositionalEncodingKind.Sinusoidal;

    /// <summary>Which embedding matrices are one. Default <see cref="EmbeddingSharing.All"/>, the paper's (section 3.4);
    /// it needs a shared vocabulary.</summary>
    public EmbeddingSharing ShareEmbeddings { get; set; } = EmbeddingSharing.All;

    /// <summary>Self-attention sees at most this many tokens to either side. Default null: all of them. A window saves time
    /// and memory on long texts, and no distance in them is new to a model that was trained on short ones.</summary>
    public int? AttentionWindow { get; set; }

    /// <summary>4+4 layers, 128 dimensions, 4 heads, feed-forward 256 (Wu et al. 2021): for small data and quick
    /// answers.</summary>
    public static TransformerArchitecture Tiny => new()
    {
        ModelDimension = 128,
        FeedForwardDimension = 256,
    };

    /// <summary>4+4 layers, 256 dimensions, 4 heads, feed-forward 1024: the default.</summary>
    public static TransformerArchitecture Small => new();

    /// <summary>The paper's base model: 6+6 layers, 512 dimensions, 8 heads, feed-forward 2048, normalised after each
    /// sub-layer (table 3, first row).</summary>
    public static TransformerArchitecture Base => new()
    {
        ModelDimension = 512,
        Heads = 8,
        EncoderLayers = 6,
        DecoderLayers = 6,
        FeedForwardDimension = 2048,
        NormPlacement = NormPlacement.Post,
    };

    /// <summary>The paper's big model: 6+6 layers, 1024 dimensions, 16 heads, feed-forward 4096, dropout 0.3
    /// (table 3, last row).</summary>
    public static TransformerArchitecture Big => new()
    {
        ModelDimension = 1024,
        Heads = 16,
        EncoderLayers = 6,
        DecoderLayers = 6,
        FeedForwardDimension = 4096,
        Dropout = 0.3,
        NormPlacement = NormPlacement.Post,
    };

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it, its value and
    /// what is allowed.</exception>
    public void Validate()
    {
        OptionCheck.Between(nameof(ModelDimension), ModelDimension, 1, ArchitectureLimits.Width);
        OptionCheck.AtLeast(nameof(Heads), Heads, 1);
        OptionCheck.That(ModelDimension % Heads == 0, nameof(ModelDimension), ModelDimension,
            $"a multiple of {nameof(Heads)} ({Heads})");
        if (KeyValueHeads is { } groups)
            OptionCheck.That(groups >= 1 && Heads % groups == 0, nameof(KeyValueHeads), groups,
                $"null or a divisor of {nameof(Heads)} ({Heads})");
        OptionCheck.Between(nameof(EncoderLayers), EncoderLayers, 0, ArchitectureLimits.Layers);
        OptionCheck.Between(nameof(DecoderLayers), DecoderLayers, 1, ArchitectureLimits.Layers);
        OptionCheck.Between(nameof(FeedForwardDimension), FeedForwardDimension, 1, ArchitectureLimits.Width);
        OptionCheck.Probability(nameof(Dropout), Dropout);
        OptionCheck.Probability(nameof(AttentionDropout), AttentionDropout);
        OptionCheck.Probability(nameof(ActivationDropout), ActivationDropout);
        OptionCheck.Defined(nameof(NormPlacement), NormPlacement);
        OptionCheck.Defined(nameof(Normalization), Normalization);
        OptionCheck.Defined(nameof(Activation), Activation);
        OptionCheck.Defined(nameof(PositionalEncoding), PositionalEncoding);
        OptionCheck.Defined(nameof(ShareEmbeddings), ShareEmbeddings);
        if (AttentionWindow is { } window)
            OptionCheck.AtLeast(nameof(AttentionWindow), window, 1);
        if (PositionalEncoding is PositionalEncodingKind.Sinusoidal)
            OptionCheck.That(ModelDimension % 2 == 0, nameof(ModelDimension), ModelDimension,
                "even: half of the sinusoidal positions are sines and half cosines");
        if (PositionalEncoding is PositionalEncodingKind.Rotary)
            OptionCheck.That(ModelDimension / Heads % 2 == 0, nameof(ModelDimension), ModelDimension,
                $"an even multiple of {nameof(Heads)} ({Heads}): rotary positions turn pairs of dimensions");
    }

    /// <summary>The number of trained weights of such a model, each counted once. With one vocabulary of 37,000, the
    /// paper's for English and German, <see cref="Base"/> has 63,082,496 and <see cref="Big"/> 214,245,376; the paper says
    /// 65 and 213 million (table 3).</summary>
    /// <param name="sourceVocabulary">Size of the source vocabulary.</param>
    /// <param name="targetVocabulary">Size of the target vocabulary; the same where all embeddings are one.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option or a size is out of range.</exception>
    public long CountParameters(int sourceVocabulary, int targetVocabulary)
    {
        Validate();
        OptionCheck.AtLeast(nameof(sourceVocabulary), sourceVocabulary, 1);
        OptionCheck.AtLeast(nameof(targetVocabulary), targetVocabulary, 1);
        OptionCheck.That(ShareEmbeddings != EmbeddingSharing.All || sourceVocabulary == targetVocabulary,
            nameof(targetVocabulary), targetVocabulary, $"{sourceVocabulary} where all embeddings are one");
        long width = ModelDimension, inner = FeedForwardDimension;
        long keys = width / Heads * (KeyValueHeads ?? Heads);
        long attention = Linear(width, width + 2 * keys) + Linear(width, width);
        bool isGated = Activation is ActivationKind.GeGlu or ActivationKind.SwiGlu;
        long feedForward = Linear(width, isGated ? 2 * inner : inner) + Linear(inner, width);
        long norm = Normalization == NormalizationKind.LayerNorm ? 2 * width : width;
        long embeddings = ShareEmbeddings switch
        {
            EmbeddingSharing.All => sourceVocabulary,
            EmbeddingSharing.DecoderInputOutput => (long)sourceVocabulary + targetVocabulary,
            _ => sourceVocabulary + 2L * targetVocabulary,
        };
        long positions = PositionalEncoding switch
        {
            PositionalEncodingKind.Learned => (LearnedPositions.LastPosition + 1) * width,
            PositionalEncodingKind.Relative => RelativePositions.Buckets * Heads,
            _ => 0,
        };
        return embeddings * width
            + 2 * positions // of encoder and decoder
            + EncoderLayers * (attention + feedForward + 2 * norm)
            + DecoderLayers * (2 * attention + feedForward + 3 * norm)
            + (NormPlacement == NormPlacement.Pre ? 2 * norm : 0);

        static long Linear(long input, long output) => input * output + output;
    }

    internal TransformerArchitecture Clone() => (TransformerArchitecture)MemberwiseClone();
}
