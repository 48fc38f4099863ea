using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq;

/// <summary>How a vocabulary is learned from text and applied to it.</summary>
public sealed class SubwordOptions
{
    /// <summary>The largest vocabulary that is learned, and that a saved file may hold.</summary>
    internal const int MaximumVocabulary = 1_000_000;

    /// <summary>What a token is. Default <see cref="SubwordKind.BytePairEncoding"/>: no text is out of its reach.</summary>
    public SubwordKind Kind { get; set; } = SubwordKind.BytePairEncoding;

    /// <summary>Most tokens of the vocabulary: the 4 special ones, the 256 bytes of byte-pair encoding, characters and
    /// learned pieces. Default 8,000: good for ten thousand to a million pairs; the paper used 37,000 for 4.5 million.
    /// A small corpus yields fewer.</summary>
    public int VocabularySize { get; set; } = 8000;

    /// <summary>Whether source and target have one vocabulary. Default true, as in the paper: names and numbers are then
    /// the same token on both sides, and one embedding matrix serves all.</summary>
    public bool SharedVocabulary { get; set; } = true;

    /// <summary>How often a character, word or pair must occur to be learned. Default 2: what is seen once teaches
    /// nothing.</summary>
    public int MinimumFrequency { get; set; } = 2;

    /// <summary>Whether text is turned to lower case (invariant culture). Default false: capitals are kept.</summary>
    public bool Lowercase { get; set; }

    /// <summary>Unicode normalisation. Default <see cref="TextNormalization.None"/>: text comes back exactly as it
    /// was.</summary>
    public TextNormalization Normalization { get; set; } = TextNormalization.None;

    /// <summary>Most tokens of a text, on either side. Default 512: far beyond a sentence, and a bound on what attention,
    /// quadratic in it, may cost.</summary>
    public int MaximumTokens { get; set; } = 512;

    /// <summary>What happens to longer texts. Default <see cref="OverflowPolicy.Truncate"/>.</summary>
    public OverflowPolicy OverflowPolicy { get; set; } = OverflowPolicy.Truncate;

    /// <summary>Probability that a merge is left out each time a training text is encoded (BPE-dropout, Provilkov et al.
    /// 2020): the model sees many spellings of a word. Default 0; 0.1 is the paper's, and helps small corpora. Prediction
    /// never drops.</summary>
    public double Dropout { get; set; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it, its value and
    /// what is allowed.</exception>
    public void Validate()
    {
        OptionCheck.Defined(nameof(Kind), Kind);
        int smallest = Kind == SubwordKind.BytePairEncoding ? BytePairTokenizer.FirstPiece + 1 : SpecialTokens.FirstText + 1;
        OptionCheck.That(VocabularySize >= smallest && VocabularySize <= MaximumVocabulary, nameof(VocabularySize), VocabularySize,
            $"{smallest} to {MaximumVocabulary} with {nameof(Kind)} {Kind}");
        OptionCheck.AtLeast(nameof(MinimumFrequency), MinimumFrequency, 1);
        OptionCheck.Defined(nameof(Normalization), Normalization);
        OptionCheck.AtLeast(nameof(MaximumTokens), MaximumTokens, 1);
        OptionCheck.Defined(nameof(OverflowPolicy), OverflowPolicy);
        OptionCheck.Probability(nameof(Dropout), Dropout);
        OptionCheck.That(Dropout == 0 || Kind == SubwordKind.BytePairEncoding, nameof(Dropout), Dropout,
            $"0 with {nameof(Kind)} {Kind}, which merges nothing");
    }

    internal SubwordOptions Clone() => (SubwordOptions)MemberwiseClone();
}
