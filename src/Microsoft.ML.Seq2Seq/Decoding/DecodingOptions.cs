using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq;

/// <summary>How the best target is searched for.</summary>
public enum DecodingStrategy
{
    /// <summary>Beam search: keeps the <see cref="DecodingOptions.BeamSize"/> best prefixes at every step.</summary>
    Beam,

    /// <summary>The most probable token at every step: the fastest, and beam search with a beam of 1.</summary>
    Greedy,

    /// <summary>Tokens drawn at random, by their probabilities: varied outputs rather than the best one.</summary>
    Sampling,
}

/// <summary>What the log-probability of a hypothesis is divided by, so that long ones have a chance; the end token
/// counts.</summary>
public enum LengthPenaltyForm
{
    /// <summary>((5 + length) / 6)^α: Wu et al. 2016, section 7. The Transformer paper uses it, with α = 0.6.</summary>
    Gnmt,

    /// <summary>length^α: what fairseq, CTranslate2 and Hugging Face call length penalty. With α = 1 the mean
    /// log-probability of a token. Favours long outputs more than <see cref="Gnmt"/> with the same α, most among short
    /// ones.</summary>
    Power,
}

/// <summary>How a trained model writes: kept in the saved model, and changed with
/// <c>WithDecoding</c> or for a single call.</summary>
public sealed class DecodingOptions
{
    /// <summary>The search. Default <see cref="DecodingStrategy.Beam"/>, the paper's.</summary>
    public DecodingStrategy Strategy { get; set; } = DecodingStrategy.Beam;

    /// <summary>Prefixes that beam search keeps. Default 4, the paper's (section 6.1). Whatever the size, the result
    /// never scores below greedy search: the greedy prefix keeps a place in the beam.</summary>
    public int BeamSize { get; set; } = 4;

    /// <summary>Groups that the beam is split into, which choose their tokens in turn, for hypotheses that differ (diverse
    /// beam search, Vijayakumar et al. 2018). Each is a beam of its own, which ends for itself and
    /// gives back the best that it has found; what several find is given back once, so that there may be fewer hypotheses
    /// than asked for. Default 1: one beam. <see cref="BeamSize"/> must be a multiple.</summary>
    public int BeamGroups { get; set; } = 1;

    /// <summary>What a token counts less for a group for each time that a group before it has chosen it in the same step;
    /// scores stay as they are. Default 0.5, the paper's; without effect where <see cref="BeamGroups"/> is 1.</summary>
    public double DiversityPenalty { get; set; } = 0.5;

    /// <summary>α of the length penalty, ((5 + length) / 6)^α unless <see cref="LengthPenaltyForm"/> says otherwise, that
    /// divides a hypothesis's log-probability (Wu et al. 2016, section 7). Default 0.6, the paper's; 0 compares plain
    /// log-probabilities, larger values favour longer outputs.</summary>
    public double LengthPenalty { get; set; } = 0.6;

    /// <summary>What <see cref="LengthPenalty"/> is the exponent of. Default <see cref="LengthPenaltyForm.Gnmt"/>, the paper's;
    /// <see cref="LengthPenaltyForm.Power"/> for an α that comes from fairseq, CTranslate2 or Hugging Face.</summary>
    public LengthPenaltyForm LengthPenaltyForm { get; set; }

    /// <summary>β of the coverage penalty (Wu et al. 2016, section 7), which counts against an output that leaves source
    /// tokens without attention. Default 0: none; the paper's is 0.2.</summary>
    public double CoveragePenalty { get; set; }

    /// <summary>Outputs that must end before the search stops, as a multiple of <see cref="BeamSize"/> (Kasai et al.
    /// 2022). Default 1, the usual rule. <see cref="double.PositiveInfinity"/> stops only when nothing alive can beat
    /// what has ended, which is safe for any <see cref="LengthPenalty"/>, and slower. Each of
    /// several <see cref="BeamGroups"/> stops by its own outputs and its part of the beam.</summary>
    public double Patience { get; set; } = 1;

    /// <summary>Hypotheses to give back, best first. More than 1 adds the columns <c>Hypotheses</c> and
    /// <c>HypothesisScores</c>. Default 1. At most <see cref="BeamSize"/>; 1 for greedy search; with sampling, as many
    /// independent draws, which may be alike.</summary>
    public int NumberOfHypotheses { get; set; } = 1;

    /// <summary>Fewest target tokens before the output may end. Default 0.</summary>
    public int MinLength { get; set; }

    /// <summary>Most target tokens of an output. Default 256: a bound on what one row may cost. An output that reaches
    /// it is cut there, and scored with the probability that it ends there.</summary>
    public int MaxLength { get; set; } = 256;

    /// <summary>Most target tokens for each source token, with ten more for free. Default 3: stops a model that
    /// repeats itself early; real translations stay far below. 0 sets no such limit, and none is below
    /// <see cref="MinLength"/>.</summary>
    public double MaxLengthRatio { get; set; } = 3;

    /// <summary>Sampling: below 1 sharpens the distribution, above 1 flattens it. Scores stay those of the model itself.
    /// Default 1.</summary>
    public double Temperature { get; set; } = 1;

    /// <summary>Sampling: draws among this many most probable tokens. Default 0: among all.</summary>
    public int TopK { get; set; }

    /// <summary>Sampling: draws among the fewest tokens whose probabilities add up to this, after <see cref="TopK"/>
    /// (Holtzman et al. 2020). Default 1: among all.</summary>
    public double TopP { get; set; } = 1;

    /// <summary>Sampling: what a row draws depends on this number and the row's text alone. Default 0.</summary>
    public int Seed { get; set; }

    /// <summary>Multiplies the log-probability of tokens that the output already holds, in what the search compares and
    /// in <c>Score</c>; token scores stay the model's. Default 1: none. 1.1 to 1.3 keeps a model from looping.</summary>
    public double RepetitionPenalty { get; set; } = 1;

    /// <summary>No sequence of this many tokens is written twice. Default 0: no such rule; 3 or 4 stops loops, and also
    /// repetitions that are right.</summary>
    public int NoRepeatNgramSize { get; set; }

    /// <summary>Never writes the token that stands for an unknown one. Default true: it is no text.</summary>
    public bool SuppressUnknown { get; set; } = true;

    /// <summary>Texts that no output contains, anywhere, however it is cut into subwords; compared character by character,
    /// case and all. A forced beginning is written all the same. Default none.</summary>
    public IReadOnlyList<string> BannedPhrases { get; set; } = [];

    /// <summary>The only outputs there may be, such as the names of a catalogue: each output is one of them, as it is written
    /// here. Texts that are the same to the model's vocabulary, which may know no capitals or not all words, count as one, the
    /// first. Lengths are then those of the list, and no other rule on what may be written can be set. Default null: any
    /// text.</summary>
    public IReadOnlyList<string>? AllowedTargets { get; set; }

    /// <summary>The column with the text that a row's output has to begin with, written as the model's vocabulary spells it
    /// (in lower case, if it knows no capitals; what it doesn't know as U+FFFD); empty text forces nothing. With
    /// <see cref="AllowedTargets"/> only those that begin so are allowed; where none does, the output is empty and its score
    /// -∞. Only for rows of a table. Default null: no such column.</summary>
    public string? PrefixColumnName { get; set; }

    /// <summary>Adds the column <c>TokenScores</c>: the log-probability of each subword, and of the end. Default
    /// false.</summary>
    public bool OutputTokenScores { get; set; }

    /// <summary>Adds the columns <c>Alignment</c>, <c>SourceTokens</c> and <c>TargetTokens</c>: notes how attention falls on the
    /// source's tokens for each token written. Default false: it costs time and memory.</summary>
    public bool OutputAlignment { get; set; }

    /// <summary>The decoder's layer whose attention to the source is the alignment, from 0. Default null: the last but one,
    /// which aligns best (Garg et al. 2019, section 4.2). A recurrent model has one attention, number 0. It is also what
    /// <see cref="CoveragePenalty"/> looks at.</summary>
    public int? AlignmentLayer { get; set; }

    /// <summary>The head of that layer, from 0. Default null: the mean of all heads, which is smoother than most single
    /// ones.</summary>
    public int? AlignmentHead { get; set; }

    /// <summary>Padded source tokens, times the beam, decoded together; larger is faster up to a point and takes more
    /// memory. Default 4,096. The output doesn't depend on it.</summary>
    public int BatchTokens { get; set; } = 4096;

    /// <summary>The numbers to compute with. Default <see cref="InferencePrecision.Auto"/>: those that the model's weights are
    /// kept in, which rounds nothing: float32 for a model that was trained, 8-bit integers for one that was quantised to
    /// them (<see cref="Seq2SeqTransformer.Quantize"/>) on a machine with instructions for such. Another precision is packed
    /// beside the model's own at the first prediction, and takes memory of its own. Only Transformers on a CPU have a
    /// choice.</summary>
    public InferencePrecision Precision { get; set; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it, its value and
    /// what is allowed.</exception>
    public void Validate()
    {
        OptionCheck.Defined(nameof(Strategy), Strategy);
        OptionCheck.Between(nameof(BeamSize), BeamSize, 1, 1024);
        OptionCheck.That(BeamGroups >= 1 && BeamSize % BeamGroups == 0, nameof(BeamGroups), BeamGroups,
            $"divisors of {nameof(BeamSize)} ({BeamSize})");
        OptionCheck.AtLeast(nameof(DiversityPenalty), DiversityPenalty, 0.0);
        OptionCheck.AtLeast(nameof(LengthPenalty), LengthPenalty, 0.0);
        OptionCheck.Defined(nameof(LengthPenaltyForm), LengthPenaltyForm);
        OptionCheck.AtLeast(nameof(CoveragePenalty), CoveragePenalty, 0.0);
        OptionCheck.That(Patience > 0, nameof(Patience), Patience, "more than 0");
        var (mostHypotheses, why) = Strategy switch
        {
            DecodingStrategy.Greedy => (1, "1 with greedy search"),
            DecodingStrategy.Sampling => (1024, "1 to 1024"),
            _ => (BeamSize, $"1 to {nameof(BeamSize)} ({BeamSize})"),
        };
        OptionCheck.That(NumberOfHypotheses >= 1 && NumberOfHypotheses <= mostHypotheses,
            nameof(NumberOfHypotheses), NumberOfHypotheses, why);
        OptionCheck.AtLeast(nameof(MaxLength), MaxLength, 1);
        OptionCheck.That(MinLength >= 0 && MinLength <= MaxLength, nameof(MinLength), MinLength,
            $"0 to {nameof(MaxLength)} ({MaxLength})");
        OptionCheck.AtLeast(nameof(MaxLengthRatio), MaxLengthRatio, 0.0);
        OptionCheck.Positive(nameof(Temperature), Temperature);
        OptionCheck.AtLeast(nameof(TopK), TopK, 0);
        OptionCheck.That(TopP is > 0 and <= 1, nameof(TopP), TopP, "more than 0, up to 1");
        OptionCheck.AtLeast(nameof(RepetitionPenalty), RepetitionPenalty, 1.0);
        OptionCheck.AtLeast(nameof(NoRepeatNgramSize), NoRepeatNgramSize, 0);
        OptionCheck.NotNull(nameof(BannedPhrases), BannedPhrases);
        foreach (string phrase in BannedPhrases)
            OptionCheck.That(!string.IsNullOrEmpty(phrase) && Utf16.IsWellFormed(phrase) && !phrase.Contains(SpecialTokens.Replacement),
                nameof(BannedPhrases), phrase,
                "texts of at least one character, of valid Unicode without U+FFFD, which stands for what is no text");
        if (AllowedTargets is not null)
            ValidateAllowedTargets();
        if (PrefixColumnName is not null)
            OptionCheck.ColumnName(nameof(PrefixColumnName), PrefixColumnName);
        OptionCheck.AtLeast(nameof(BatchTokens), BatchTokens, 1);
        OptionCheck.Defined(nameof(Precision), Precision);
        ValidateAlignment(layers: int.MaxValue, heads: int.MaxValue);
    }

    /// <summary>Checks what depends on the model.</summary>
    internal void ValidateAlignment(int layers, int heads)
    {
        OptionCheck.That(AlignmentLayer is null || (AlignmentLayer >= 0 && AlignmentLayer < layers), nameof(AlignmentLayer), AlignmentLayer,
            layers == int.MaxValue ? "null, or 0 or more" : $"null, or 0 to {layers - 1}: the decoder's layers");
        OptionCheck.That(AlignmentHead is null || (AlignmentHead >= 0 && AlignmentHead < heads), nameof(AlignmentHead), AlignmentHead,
            heads == int.MaxValue ? "null, or 0 or more" : $"null, or 0 to {heads - 1}: the heads of a layer");
    }

    private void ValidateAllowedTargets()
    {
        OptionCheck.That(AllowedTargets!.Count > 0, nameof(AllowedTargets), "empty", "null, or at least one text");
        foreach (string target in AllowedTargets)
            OptionCheck.That(target is not null && Utf16.IsWellFormed(target), nameof(AllowedTargets), target, "texts of valid Unicode");
        string alone = $"no such rule with {nameof(AllowedTargets)}";
        OptionCheck.That(MinLength == 0, nameof(MinLength), MinLength, $"0: {alone}");
        OptionCheck.That(NoRepeatNgramSize == 0, nameof(NoRepeatNgramSize), NoRepeatNgramSize, $"0: {alone}");
        OptionCheck.That(BannedPhrases.Count == 0, nameof(BannedPhrases), BannedPhrases.Count, $"none: {alone}");
    }

    /// <summary>Most prefixes of one source at a time.</summary>
    internal int EffectiveBeam => Strategy switch
    {
        DecodingStrategy.Greedy => 1,
        DecodingStrategy.Sampling => NumberOfHypotheses,
        _ => BeamSize,
    };

    internal DecodingOptions Clone()
    {
        var clone = (DecodingOptions)MemberwiseClone();
        clone.BannedPhrases = [.. BannedPhrases];
        clone.AllowedTargets = AllowedTargets is null ? null : [.. AllowedTargets];
        return clone;
    }

    /// <summary>Most tokens, the end token not counted, that a source of this many may yield.</summary>
    internal int LengthLimit(int sourceLength)
    {
        if (MaxLengthRatio == 0)
            return MaxLength;
        return (int)Math.Clamp(Math.Ceiling(MaxLengthRatio * sourceLength) + 10, MinLength, MaxLength);
    }
}
