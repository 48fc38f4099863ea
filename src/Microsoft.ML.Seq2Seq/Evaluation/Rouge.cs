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
            int start = i;
            while (i < text.Length && IsPartOfWord(text[i]) && !IsWord(text[i]))
                i++;
            if (i == start)
                i++;
            if (IsPartOfWord(text[start]))
                words.Add(_words.Walk(text[start..i]));
        }
    }

    private static bool IsPartOfWord(int c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.LowercaseLetter or UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark
        or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber
        or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    // Hiragana, katakana and ideographs: scripts without spaces.
    private static bool IsWord(int c) => c is >= 0x3041 and <= 0x30FF or >= 0x3400 and <= 0x4DBF or >= 0x4E00 and <= 0x9FFF
        or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x323AF;
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
