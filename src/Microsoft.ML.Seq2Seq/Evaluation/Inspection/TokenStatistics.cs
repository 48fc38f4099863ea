namespace Microsoft.ML.Seq2Seq;

/// <summary>What the rows are like as tokens of the vocabulary that training would learn from them.</summary>
public sealed record VocabularyStatistics
{
    /// <summary>Tokens of the source's vocabulary: what was asked for, or fewer where the text has no more to learn.</summary>
    public required int SourceVocabularySize { get; init; }

    /// <summary>Tokens of the target's; the same vocabulary where it is shared.</summary>
    public required int TargetVocabularySize { get; init; }

    /// <summary>The sources.</summary>
    public required TokenStatistics Source { get; init; }

    /// <summary>The targets.</summary>
    public required TokenStatistics Target { get; init; }

    /// <summary>A token that is seen fewer times counts as rare: <see cref="InspectionOptions.RareTokenCount"/>.</summary>
    public required int RareTokenCount { get; init; }

    /// <summary>Share of the target vocabulary's learned tokens that are rare, 0 to 1. Counted are occurrences in targets, and in
    /// sources where the vocabulary is shared; those within longer tokens count, too.</summary>
    public required double RareTokens { get; init; }

    /// <summary>Share of them that are seen 100 times or more, which is what a token needs to be learned well (Gowda and
    /// May 2020).</summary>
    public required double WellSeenTokens { get; init; }

    /// <summary>Rows that these figures come from: all, or an even sample of large data.</summary>
    public required int SampledRows { get; init; }
}

/// <summary>The texts of a column as tokens.</summary>
public sealed record TokenStatistics
{
    /// <summary>Tokens of a text, without its end.</summary>
    public required LengthStatistics Lengths { get; init; }

    /// <summary>Tokens of all rows; estimated where the rows were sampled.</summary>
    public required long Tokens { get; init; }

    /// <summary>Characters for each token.</summary>
    public required double CharactersPerToken { get; init; }

    /// <summary>Share of the tokens that the vocabulary doesn't know, or spells in bytes: of the validation rows where there
    /// are any, else of the training rows.</summary>
    public required double UnknownRate { get; init; }
}
