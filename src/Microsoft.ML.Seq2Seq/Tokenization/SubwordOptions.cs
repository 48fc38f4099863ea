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
    /// 2020): the model sees many spellings of a word. Default 0; 0.1 is the paper's, and helps small corpora where training is long. Prediction
    /// never drops. An option of trainers, also of those that get keys from <c>LearnSubwords</c>: a stage can't know
    /// whether its rows are trained on.</summary>
    public double Dropout { get; set; }

    /// <summary>Strings that are one token each, whatever stands around them: <c>&lt;2de&gt;</c>, <c>{name}</c>. Default
    /// none.</summary>
    /// <remarks>A text is cut at them before anything else is done to it, the longest first where several begin at one
    /// place, and <see cref="Lowercase"/> and <see cref="Normalization"/> leave them alone. They take places of
    /// <see cref="VocabularySize"/>. With <see cref="SubwordKind.Whitespace"/> they count where spaces are on both sides. None may be empty,
    /// longer than 128 characters, begin or end with white space, contain ▁, occur twice, or be &lt;pad&gt;, &lt;s&gt;,
    /// &lt;/s&gt; or &lt;unk&gt;: these name special tokens, which no text can produce.</remarks>
    public IReadOnlyList<string> Symbols { get; set; } = [];

    /// <summary>A vocabulary that was made elsewhere, to be used instead of one that is learned: a SentencePiece model
    /// (unigram or BPE), a <c>tokenizer.json</c> of kind BPE, or a <c>vocab.json</c> with <see cref="MergesFile"/>. Default
    /// null: a vocabulary is learned.</summary>
    /// <remarks>
    /// <para>Read by Microsoft.ML.Tokenizers when a stage or trainer is fitted; the content is saved with the model, which needs
    /// the file no more. <see cref="Kind"/>, <see cref="VocabularySize"/> and <see cref="MinimumFrequency"/> do nothing then.
    /// The file's tokens for padding, begin and end are left out (of a <c>vocab.json</c>, whatever no text is encoded to), its
    /// unknown token is ours, and the rest keeps its order.</para>
    /// <para>Text comes back exactly from byte-level vocabularies (GPT-2's family; half surrogate pairs aside) that neither
    /// normalise nor leave out white space, and from SentencePiece models with byte fallback that neither normalise nor
    /// remove extra white space (a literal ▁ becomes a space). Other SentencePiece models normalise as they were told when
    /// they were trained, and what is outside their vocabulary becomes U+FFFD; words with a suffix at their end
    /// (<c>&lt;/w&gt;</c>) are joined by single spaces. Of <c>tokenizer.json</c>, <c>ignore_merges</c> is not followed.</para>
    /// </remarks>
    public string? VocabularyFile { get; set; }

    /// <summary>The <c>merges.txt</c> that belongs to a <c>vocab.json</c>. Default null: there is none.</summary>
    public string? MergesFile { get; set; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it, its value and
    /// what is allowed.</exception>
    public void Validate()
    {
        OptionCheck.Defined(nameof(Kind), Kind);
        int smallest = Kind == SubwordKind.BytePairEncoding ? BytePairTokenizer.FirstPiece + 1 : SpecialTokens.FirstText + 1;
        OptionCheck.NotNull(nameof(Symbols), Symbols);
        string? fault = SymbolSet.FindFault(Symbols);
        OptionCheck.That(fault is null, nameof(Symbols), fault,
            $"distinct texts of 1 to {MarkedText.MaximumWord} characters, without white space at their ends, {MarkedText.Space} or the names of special tokens");
        smallest += Symbols.Count;
        OptionCheck.That(VocabularySize >= smallest && VocabularySize <= MaximumVocabulary, nameof(VocabularySize), VocabularySize,
            $"{smallest} to {MaximumVocabulary} with {nameof(Kind)} {Kind}" + (Symbols.Count > 0 ? $" and {Symbols.Count} {nameof(Symbols)}" : ""));
        OptionCheck.AtLeast(nameof(MinimumFrequency), MinimumFrequency, 1);
        OptionCheck.Defined(nameof(Normalization), Normalization);
        OptionCheck.AtLeast(nameof(MaximumTokens), MaximumTokens, 1);
        OptionCheck.Defined(nameof(OverflowPolicy), OverflowPolicy);
        OptionCheck.Probability(nameof(Dropout), Dropout);
        OptionCheck.That(Dropout == 0 || Kind == SubwordKind.BytePairEncoding, nameof(Dropout), Dropout,
            $"0 with {nameof(Kind)} {Kind}, which merges nothing");
        OptionCheck.That(VocabularyFile is null || !string.IsNullOrWhiteSpace(VocabularyFile), nameof(VocabularyFile), VocabularyFile, "the path of a file, or null");
        OptionCheck.That(MergesFile is null || (VocabularyFile is not null && !string.IsNullOrWhiteSpace(MergesFile)), nameof(MergesFile), MergesFile,
            $"the path of a file where {nameof(VocabularyFile)} is a vocab.json, or null");
        OptionCheck.That(VocabularyFile is null || Dropout == 0, nameof(Dropout), Dropout, $"0 with a {nameof(VocabularyFile)}");
    }

    internal SubwordOptions Clone()
    {
        var clone = (SubwordOptions)MemberwiseClone();
        clone.Symbols = [.. Symbols];
        return clone;
    }
}
