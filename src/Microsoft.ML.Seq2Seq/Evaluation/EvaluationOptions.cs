using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>How BLEU splits text into tokens. The names are sacreBLEU's.</summary>
public enum BleuTokenizer
{
    /// <summary><c>13a</c>: the tokenizer of the WMT campaigns (mteval-v13a), for languages that put spaces between
    /// words.</summary>
    Tok13a,

    /// <summary><c>none</c>: splits on white space only, for text that has been tokenized already.</summary>
    None,

    /// <summary><c>intl</c>: splits off every Unicode punctuation mark and symbol (mteval-v14).</summary>
    Intl,

    /// <summary><c>char</c>: every character is a token.</summary>
    Char,

    /// <summary><c>zh</c>: every Chinese character is a token, the rest as <c>13a</c> does it.</summary>
    Zh,
}

/// <summary>What BLEU does about an order of n-grams without a match, which would make the score 0
/// (Chen and Cherry 2014).</summary>
public enum BleuSmoothing
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Counts <see cref="EvaluationOptions.SmoothingValue"/> matches instead of none.</summary>
    Floor,

    /// <summary>Adds <see cref="EvaluationOptions.SmoothingValue"/> to matches and totals of every order above the
    /// first.</summary>
    AddK,

    /// <summary>Counts half a match for the first such order, a quarter for the second, and so on.</summary>
    Exp,
}

/// <summary>What the metrics count. The defaults are sacreBLEU's.</summary>
public sealed class EvaluationOptions
{
    /// <summary>How BLEU splits text into tokens. Default <see cref="BleuTokenizer.Tok13a"/>, that of most published
    /// scores; take <see cref="BleuTokenizer.Zh"/> or <see cref="BleuTokenizer.Char"/> for Chinese, Japanese and Thai, and
    /// <see cref="BleuTokenizer.None"/> for text that is tokenized already.</summary>
    public BleuTokenizer BleuTokenizer { get; set; } = BleuTokenizer.Tok13a;

    /// <summary>Whether BLEU and chrF ignore case. Default false. TER ignores it unless <see cref="TerCaseSensitive"/> says
    /// otherwise, ROUGE always, as their reference implementations do; WER, CER and exact match never.</summary>
    public bool Lowercase { get; set; }

    /// <summary>BLEU's smoothing. Default <see cref="BleuSmoothing.Exp"/>; it only matters for few or short rows.</summary>
    public BleuSmoothing Smoothing { get; set; } = BleuSmoothing.Exp;

    /// <summary>The number that <see cref="BleuSmoothing.Floor"/> and <see cref="BleuSmoothing.AddK"/> use. Default null:
    /// 0.1 and 1.</summary>
    public double? SmoothingValue { get; set; }

    /// <summary>Longest n-grams that BLEU counts. Default 4, that of the paper.</summary>
    public int MaxNgram { get; set; } = 4;

    /// <summary>Whether BLEU leaves out the orders for which the output is too short to have any n-gram. Default false;
    /// meant for scoring single sentences.</summary>
    public bool EffectiveOrder { get; set; }

    /// <summary>Whether chrF counts white space as characters. Default false.</summary>
    public bool ChrFWhitespace { get; set; }

    /// <summary>Whether chrF averages the F-scores of the orders, as chrF++.py, NLTK and Moses do, instead of their
    /// precisions and recalls. Default false.</summary>
    public bool ChrFEpsilonSmoothing { get; set; }

    /// <summary>Whether TER tells upper from lower case. Default false.</summary>
    public bool TerCaseSensitive { get; set; }

    /// <summary>Whether TER unescapes entities and sets punctuation apart first. Default false: words are what white space
    /// separates. References go through it twice, as sacreBLEU's do, which splits a few of their words further than the
    /// output's: "John's." against itself has edits.</summary>
    public bool TerNormalize { get; set; }

    /// <summary>Whether TER leaves punctuation out. Default false.</summary>
    public bool TerRemovePunctuation { get; set; }

    /// <summary>Whether <see cref="TerNormalize"/> makes a word of every Chinese character, and
    /// <see cref="TerRemovePunctuation"/> removes Chinese and Japanese punctuation too. Default false.</summary>
    public bool TerAsian { get; set; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it, its value and
    /// what is allowed.</exception>
    public void Validate()
    {
        OptionCheck.Defined(nameof(BleuTokenizer), BleuTokenizer);
        OptionCheck.Defined(nameof(Smoothing), Smoothing);
        if (SmoothingValue is { } value)
            OptionCheck.AtLeast(nameof(SmoothingValue), value, 0.0);
        OptionCheck.Between(nameof(MaxNgram), MaxNgram, 1, 16);
    }

    internal EvaluationOptions Clone() => (EvaluationOptions)MemberwiseClone();
}
