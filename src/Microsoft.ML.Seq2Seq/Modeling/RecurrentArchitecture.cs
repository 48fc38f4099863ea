using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>
/// The shape of a recurrent encoder-decoder with attention (Bahdanau et al. 2015; Luong et al. 2015): what the
/// Transformer replaced. A new instance is <see cref="Small"/>; the presets are fresh instances, free to change.
/// </summary>
public sealed class RecurrentArchitecture
{
    /// <summary>The recurrent unit. Default <see cref="RecurrentCell.Lstm"/>: at the same width it translates a little
    /// better than the GRU (Britz et al. 2017).</summary>
    public RecurrentCell Cell { get; set; } = RecurrentCell.Lstm;

    /// <summary>Width of the decoder's state and of the encoder's output, of which each direction makes a half: an even
    /// number. Default 512.</summary>
    public int HiddenDimension { get; set; } = 512;

    /// <summary>Width of the embeddings and of the vector that the logits are made of. Default 256.</summary>
    public int EmbeddingDimension { get; set; } = 256;

    /// <summary>Layers of the encoder, each in both directions. Default 2; at least 1.</summary>
    public int EncoderLayers { get; set; } = 2;

    /// <summary>Layers of the decoder. Default 2: with <see cref="EncoderLayers"/> 2 the model has about as many weights
    /// as <see cref="TransformerArchitecture.Small"/>. At least 1.</summary>
    public int DecoderLayers { get; set; } = 2;

    /// <summary>Share of elements dropped from the embeddings, between layers and from the decoder's output while
    /// training, never from one position's state to the next's (Zaremba et al. 2014). Default 0.2, as in Luong et al.
    /// 2015.</summary>
    public double Dropout { get; set; } = 0.2;

    /// <summary>How source positions are scored. Default <see cref="RecurrentAttention.Luong"/>: it costs less and needs less
    /// memory.</summary>
    public RecurrentAttention Attention { get; set; } = RecurrentAttention.Luong;

    /// <summary>Whether the decoder reads, beside each token, its own output at the position before, so that it knows
    /// where it looked (Luong et al. 2015, section 3.3). Default true, for quality; false lets training compute all
    /// positions of a layer in one call, which is faster.</summary>
    public bool InputFeeding { get; set; } = true;

    /// <summary>Which embedding matrices are one. Default <see cref="EmbeddingSharing.All"/>, as for the Transformer; it
    /// needs a shared vocabulary.</summary>
    public EmbeddingSharing ShareEmbeddings { get; set; } = EmbeddingSharing.All;

    /// <summary>1+1 layers, 256 dimensions, embeddings of 128: about as many weights as
    /// <see cref="TransformerArchitecture.Tiny"/>.</summary>
    public static RecurrentArchitecture Tiny => new()
    {
        HiddenDimension = 256,
        EmbeddingDimension = 128,
        EncoderLayers = 1,
        DecoderLayers = 1,
    };

    /// <summary>2+2 layers, 512 dimensions, embeddings of 256: the default.</summary>
    public static RecurrentArchitecture Small => new();

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it, its value and
    /// what is allowed.</exception>
    public void Validate()
    {
        OptionCheck.Defined(nameof(Cell), Cell);
        OptionCheck.Between(nameof(HiddenDimension), HiddenDimension, 2, ArchitectureLimits.Width);
        OptionCheck.That(HiddenDimension % 2 == 0, nameof(HiddenDimension), HiddenDimension,
            "an even number: each direction of the encoder makes a half");
        OptionCheck.Between(nameof(EmbeddingDimension), EmbeddingDimension, 1, ArchitectureLimits.Width);
        OptionCheck.Between(nameof(EncoderLayers), EncoderLayers, 1, ArchitectureLimits.Layers);
        OptionCheck.Between(nameof(DecoderLayers), DecoderLayers, 1, ArchitectureLimits.Layers);
        OptionCheck.Probability(nameof(Dropout), Dropout);
        OptionCheck.Defined(nameof(Attention), Attention);
        OptionCheck.Defined(nameof(ShareEmbeddings), ShareEmbeddings);
    }

    internal RecurrentArchitecture Clone() => (RecurrentArchitecture)MemberwiseClone();
}
