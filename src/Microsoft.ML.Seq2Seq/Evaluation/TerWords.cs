using System.Text.RegularExpressions;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Splits text into TER's words, each a number, with the options of Tercom's tokenizer.</summary>
internal sealed partial class TerWords(EvaluationOptions options)
{
    private const string AsianMarks = @"\u3001\u3002\u3008-\u3011\u3014-\u301F\u30FB\uFF61-\uFF65"
        + @"\uFF01\uFF02\uFF08\uFF09\uFF0C\uFF0E\uFF1A\uFF1B\uFF1F";

    private readonly SymbolTrie _words = new();
    private readonly List<int> _text = [];

    /// <summary>Forgets the numbers given so far.</summary>
    public void Clear() => _words.Clear();

    /// <summary>Puts the words of a line into <paramref name="words"/>; equal words have equal numbers until
    /// <see cref="Clear"/>.</summary>
    public void Split(string line, List<int> words)
    {
        words.Clear();
        _text.Clear();
        Text.Append(_text, Tokenize(line));
        Text.AppendWords(words, _text.Span(), _words);
    }

    /// <summary>The same for a reference. sacreBLEU tokenizes those twice (<c>_cache_references</c> in base.py, then
    /// <c>_extract_reference_info</c> in ter.py), and where it normalizes, the second time splits more: <c>John's.</c> is
    /// <c>john's .</c> after the first, <c>john 's .</c> after the second.</summary>
    public void SplitReference(string line, List<int> words) =>
        Split(options.TerNormalize ? string.Concat(Tokenize(line).Select(c => Text.IsSpace(c) ? ' ' : c)) : line, words);

    private string Tokenize(string line)
    {
        line = Text.TrimEnd(line);
        if (!options.TerCaseSensitive)
            line = Text.Lower(line);
        if (options.TerNormalize)
            line = Normalize(line);
        if (options.TerRemovePunctuation)
        {
            line = Marks().Replace(line, "");
            if (options.TerAsian)
                line = AsianPunctuation().Replace(line, "");
        }

        return line;
    }

    private string Normalize(string line)
    {
        line = line.Replace("\n-", "", StringComparison.Ordinal).Replace('\n', ' ');
        line = $" {Text.Unescape(line)} ";
        line = Symbols().Replace(line, " $0 ").Replace("'s ", " 's ", StringComparison.Ordinal);
        line = PointBehindText().Replace(line, "$1 $2 ");
        line = PointBeforeText().Replace(line, " $1 $2");
        line = HyphenBehindDigit().Replace(line, "$1 $2 ");
        return options.TerAsian ? AsianCharacters().Replace(line, " $0 ") : line;
    }

    [GeneratedRegex(@"[!-&(-+/:-@\[-`{-~]")]
    private static partial Regex Symbols();

    [GeneratedRegex("([^0-9])([.,])", RegexOptions.Singleline)]
    private static partial Regex PointBehindText();

    [GeneratedRegex("([.,])([^0-9])", RegexOptions.Singleline)]
    private static partial Regex PointBeforeText();

    [GeneratedRegex("([0-9])(-)")]
    private static partial Regex HyphenBehindDigit();

    [GeneratedRegex(@"[.,?:;!""()]")]
    private static partial Regex Marks();

    [GeneratedRegex($"[{AsianMarks}]")]
    private static partial Regex AsianPunctuation();

    // Ideographs, radicals, strokes, compatibility forms and punctuation; kana stay together.
    [GeneratedRegex(@"[\u2E80-\u2EFF\u31C0-\u31EF\u3200-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\uFE30-\uFE4F" + AsianMarks + "]")]
    private static partial Regex AsianCharacters();
}
