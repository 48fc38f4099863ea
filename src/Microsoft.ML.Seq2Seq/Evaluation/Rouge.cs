using System.Globalization;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004): the mean over rows of F1, as the package rouge_score has it, but with
/// the letters of every script.</summary>
internal sealed class Rouge(RougeKind kind) : CorpusMetric
{
    private readonly SequenceComparer _comparer = new();
    private readonly NgramMatcher _ngrams = new(kind == RougeKind.Pairs ? 2 : 1);
    private readonly SymbolTrie _words = new();
    private readonly List<int> _text = [];
    private readonly List<int> _hypothesis = [];
    private readonly List<int> _reference = [];

    /// <summary>F1, rows.</summary>
    public override int Width => 2;

    public override void Measure(string hypothesis, IReadOnlyList<string> references, Span<double> statistics)
    {
        _words.Clear();
        Split(hypothesis, _hypothesis);
        if (kind != RougeKind.Subsequence)
            _ngrams.Start(_hypothesis.Span());

        double best = 0;
        foreach (string reference in references)
        {
            Split(reference, _reference);
            best = Math.Max(best, Compare());
        }

        statistics[0] = best;
        statistics[1] = 1;
    }

    public override double Score(ReadOnlySpan<double> sum) => sum[0] / sum[1];

    private double Compare()
    {
        int order = kind == RougeKind.Pairs ? 2 : 1;
        int units = NgramMatcher.Total(_hypothesis.Count, order) + NgramMatcher.Total(_reference.Count, order);
        double shared;
        if (kind == RougeKind.Subsequence)
        {
            shared = _comparer.CommonSubsequence(_hypothesis.Span(), _reference.Span());
        }
        else
        {
            Span<double> matches = stackalloc double[2];
            matches.Clear();
            _ngrams.ForgetReferences();
            _ngrams.Match(_reference.Span(), matches);
            shared = matches[order - 1];
        }

        // The harmonic mean of shared / hypothesis and shared / reference.
        return shared > 0 ? 2 * shared / units : 0;
    }

    private void Split(string segment, List<int> words)
    {
        words.Clear();
        _text.Clear();
        Text.Append(_text, Text.Lower(segment));
        ReadOnlySpan<int> text = _text.Span();
        for (int i = 0; i < text.Length;)
        {
            int start = i++;
            if (!IsLetter(text[start]))
                continue;
            bool isWord = IsWord(text[start]);
            while (i < text.Length && (IsMark(text[i]) || (!isWord && IsLetter(text[i]) && !IsWord(text[i]))))
                i++;
            words.Add(_words.Walk(text[start..i]));
        }
    }

    // Digits too.
    private static bool IsLetter(int c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.LowercaseLetter or UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber
        or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    // What belongs to the letter before it, the voicing marks of half-width katakana too.
    private static bool IsMark(int c) => c is 0xFF9E or 0xFF9F || CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    // Letters of scripts without spaces: iteration marks, hiragana, katakana (small, old and half-width ones too) and ideographs.
    private static bool IsWord(int c) => c is >= 0x3005 and <= 0x30FF or >= 0x31F0 and <= 0x31FF or >= 0x3400 and <= 0x4DBF
        or >= 0x4E00 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0xFF66 and <= 0xFF9F or >= 0x1AFF0 and <= 0x1B16F
        or >= 0x20000 and <= 0x323AF;
}

/// <summary>What ROUGE compares.</summary>
internal enum RougeKind
{
    /// <summary>ROUGE-1.</summary>
    Words,

    /// <summary>ROUGE-2.</summary>
    Pairs,

    /// <summary>ROUGE-L.</summary>
    Subsequence,
}
