namespace Microsoft.ML.Seq2Seq;

/// <summary>What a token is.</summary>
public enum SubwordKind
{
    /// <summary>Pieces of words, learned by merging frequent neighbours (Sennrich et al. 2016), and bytes for characters
    /// outside the learned alphabet: any string comes back exactly as it was.</summary>
    BytePairEncoding,

    /// <summary>Whole words, single digits and single punctuation marks, each with the space before it. Words outside
    /// the vocabulary become one unknown token; everything else comes back exactly.</summary>
    Word,

    /// <summary>Single Unicode characters. Characters outside the vocabulary become an unknown token; everything else
    /// comes back exactly.</summary>
    Character,

    /// <summary>What stands between spaces, for text that was tokenised elsewhere: phones, codes. Tokens outside the
    /// vocabulary become an unknown token; spaces at either end, and more than one in a row, are not kept.</summary>
    Whitespace,
}

/// <summary>Unicode normalisation of text before it is learned from and encoded.</summary>
public enum TextNormalization
{
    /// <summary>Text as it is.</summary>
    None,

    /// <summary>Canonical composition: one spelling of each accented character.</summary>
    Nfc,

    /// <summary>Compatibility composition: also folds full-width letters, ligatures and the like.</summary>
    Nfkc,
}

/// <summary>What happens to a text of more than <see cref="SubwordOptions.MaximumTokens"/> tokens.</summary>
public enum OverflowPolicy
{
    /// <summary>Its end is cut off.</summary>
    Truncate,

    /// <summary>Training leaves the row out; prediction answers it with an empty text and a score of NaN.</summary>
    Drop,

    /// <summary>Training stops with an error that names the row; prediction, where no row may stop the others, answers as
    /// with <see cref="Drop"/>.</summary>
    Error,
}
