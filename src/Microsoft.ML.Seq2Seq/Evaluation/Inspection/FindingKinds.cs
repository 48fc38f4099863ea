namespace Microsoft.ML.Seq2Seq;

/// <summary>What an inspection can find.</summary>
public enum FindingKind
{
    /// <summary>No row has both a source and a target.</summary>
    NoUsableRows,

    /// <summary>The rows have both texts, and still no vocabulary of the wanted kind can be learned from them.</summary>
    NothingToLearn,

    /// <summary>Texts that are null, empty or white space.</summary>
    EmptyText,

    /// <summary>Texts with replacement or control characters, halves of surrogate pairs, UTF-8 that was read as
    /// Latin-1, or entities of HTML.</summary>
    DamagedText,

    /// <summary>Rows that stood before, character by character.</summary>
    DuplicateRow,

    /// <summary>Rows that stood before but for case, white space and punctuation.</summary>
    NearDuplicateRow,

    /// <summary>Rows whose source stood before with another target.</summary>
    SeveralTargets,

    /// <summary>Rows whose target is the source.</summary>
    CopiedSource,

    /// <summary>Texts of more tokens than <see cref="SubwordOptions.MaximumTokens"/>.</summary>
    OverLongText,

    /// <summary>Rows whose lengths are far out of the proportion that the other rows have.</summary>
    LengthRatio,

    /// <summary>Texts mainly in a script that is rare in their column.</summary>
    ForeignScript,

    /// <summary>Validation rows that are training rows, too.</summary>
    ValidationOverlap,

    /// <summary>Validation rows whose source is in the training rows with another target.</summary>
    ValidationSourceOverlap,

    /// <summary>Text that the vocabulary has no piece for: unknown tokens, or characters that are spelled in
    /// bytes.</summary>
    UnknownTokens,

    /// <summary>A vocabulary of which much is hardly ever seen.</summary>
    RareTokens,

    /// <summary>Predictions without text.</summary>
    EmptyPrediction,

    /// <summary>Predictions that are the source, where the label isn't.</summary>
    CopiedPrediction,

    /// <summary>Predictions that say the same several times in a row, where neither source nor label do.</summary>
    Repetition,

    /// <summary>Predictions far shorter than the label.</summary>
    UnderTranslation,

    /// <summary>Predictions far longer than the label.</summary>
    OverTranslation,

    /// <summary>Long sources are predicted much worse than others.</summary>
    WorseWhenLong,

    /// <summary>The model's score says little of how good a prediction is.</summary>
    UninformativeScore,
}

/// <summary>How much a finding matters.</summary>
public enum FindingSeverity
{
    /// <summary>Good to know.</summary>
    Note,

    /// <summary>Likely to cost quality: look at the examples.</summary>
    Warning,

    /// <summary>Training fails, or its results mislead, until this is put right.</summary>
    Problem,
}
