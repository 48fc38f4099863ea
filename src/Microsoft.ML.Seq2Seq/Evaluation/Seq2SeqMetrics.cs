using System.Globalization;
using System.Text;

namespace Microsoft.ML.Seq2Seq;

/// <summary>How good a model's outputs are. Without a row every metric is NaN.</summary>
public sealed record Seq2SeqMetrics
{
    /// <summary>Rows measured.</summary>
    public required long Rows { get; init; }

    /// <summary>BLEU of the corpus (Papineni et al. 2002), 0 to 100, as sacreBLEU computes it: the n-grams of the output
    /// that a reference has, times a penalty for short output.</summary>
    public required double Bleu { get; init; }

    /// <summary>How <see cref="Bleu"/> was computed, to be published with it: sacreBLEU's signature. Its <c>version</c> is
    /// the release of sacreBLEU whose scores this library equals; <c>order</c> is added where n-grams of another length
    /// than 4 were counted.</summary>
    public required string BleuSignature { get; init; }

    /// <summary>BLEU's precision for n-grams of 1, 2, … tokens, 0 to 100.</summary>
    public required IReadOnlyList<double> BleuPrecisions { get; init; }

    /// <summary>BLEU's factor for output shorter than the reference, 0 to 1.</summary>
    public required double BleuBrevityPenalty { get; init; }

    /// <summary>Length of the output in BLEU's tokens.</summary>
    public required long BleuSystemLength { get; init; }

    /// <summary>Length of the references in BLEU's tokens, of each row the one closest to the output.</summary>
    public required long BleuReferenceLength { get; init; }

    /// <summary>chrF2 (Popović 2015), 0 to 100, as sacreBLEU computes it: an F-score over character n-grams. Kinder than
    /// BLEU to languages with rich endings, and in need of no tokenizer.</summary>
    public required double ChrF { get; init; }

    /// <summary>chrF2++ (Popović 2017), 0 to 100: chrF2 with words and pairs of words.</summary>
    public required double ChrFPlusPlus { get; init; }

    /// <summary>Translation edit rate (Snover et al. 2006), 0 upwards, lower is better, as sacreBLEU computes it: edits and
    /// moves of phrases for each 100 words of the reference, ignoring case.</summary>
    public required double Ter { get; init; }

    /// <summary>Words to insert, delete or replace for each word of the reference: 0 upwards, lower is better. Words are
    /// set apart by white space; of several references the one with the lowest rate counts.</summary>
    public required double WordErrorRate { get; init; }

    /// <summary>The same for characters: Unicode scalar values, white space among them.</summary>
    public required double CharacterErrorRate { get; init; }

    /// <summary>Share of rows whose output is exactly a reference, 0 to 1.</summary>
    public required double ExactMatch { get; init; }

    /// <summary>ROUGE-1 (Lin 2004), 0 to 1: the F1 of shared words, averaged over rows. Words are runs of letters, marks and
    /// digits, Chinese and Japanese characters one each, without case and unstemmed; of several references the best
    /// counts; a row without a word in output or reference counts 0.</summary>
    public required double Rouge1 { get; init; }

    /// <summary>ROUGE-2: the same for pairs of words.</summary>
    public required double Rouge2 { get; init; }

    /// <summary>ROUGE-L: the same for the longest common subsequence of words.</summary>
    public required double RougeL { get; init; }

    /// <summary>The model's perplexity on the reference, a target token; NaN where no model was given.</summary>
    public required double Perplexity { get; init; }

    /// <summary>Share of the reference's tokens that the model ranks first, given those before; NaN where no model was
    /// given.</summary>
    public required double TokenAccuracy { get; init; }

    /// <summary>A table to print.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        void Line(string name, string value, string note = "")
            => text.Append(CultureInfo.InvariantCulture, $"{name,-20}{value,8}{(note.Length > 0 ? "   " : "")}{note}\n");
        static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
        static string Share(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

        string precisions = string.Join("/", BleuPrecisions.Select(p => p.ToString("F1", CultureInfo.InvariantCulture)));
        Line("Rows", Rows.ToString(CultureInfo.InvariantCulture));
        Line("BLEU", Percent(Bleu), string.Create(CultureInfo.InvariantCulture,
            $"{precisions} (BP {BleuBrevityPenalty:F3}, {BleuSystemLength} tokens, reference {BleuReferenceLength})"));
        Line("", "", BleuSignature);
        Line("chrF2", Percent(ChrF));
        Line("chrF2++", Percent(ChrFPlusPlus));
        Line("TER", Percent(Ter), "lower is better");
        Line("Word error rate", Share(WordErrorRate), "lower is better");
        Line("Character error rate", Share(CharacterErrorRate), "lower is better");
        Line("Exact match", Share(ExactMatch));
        Line("ROUGE-1", Share(Rouge1));
        Line("ROUGE-2", Share(Rouge2));
        Line("ROUGE-L", Share(RougeL));
        if (!double.IsNaN(Perplexity))
            Line("Perplexity", Percent(Perplexity), "lower is better");
        if (!double.IsNaN(TokenAccuracy))
            Line("Token accuracy", Share(TokenAccuracy));
        return text.ToString().TrimEnd('\n');
    }
}
