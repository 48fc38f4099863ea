using System.Globalization;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Splits text into BLEU's tokens, each a number. The rules are those of mteval-v13a, mteval-v14 and
/// sacreBLEU's <c>zh</c>, quirks included: scores are only comparable if they split alike.</summary>
internal sealed class BleuWords(BleuTokenizer tokenizer, bool lowercase)
{
    private readonly SymbolTrie _words = new();
    private List<int> _text = [];
    private List<int> _spaced = [];

    /// <summary>Forgets the numbers given so far.</summary>
    public void Clear() => _words.Clear();

    /// <summary>Puts the tokens of a line into <paramref name="words"/>; equal tokens have equal numbers until
    /// <see cref="Clear"/>.</summary>
    public void Split(string line, List<int> words)
    {
        words.Clear();
        line = Text.TrimEnd(lowercase ? Text.Lower(line) : line);
        _text.Clear();
        switch (tokenizer)
        {
            case BleuTokenizer.Tok13a:
                // The spaces let a full stop at the end be split from a number.
                _text.Add(' ');
                Text.Append(_text, Join(line));
                _text.Add(' ');
                SplitPunctuation();
                break;
            case BleuTokenizer.Zh:
                Text.Append(_text, Text.TrimStart(line));
                Pad(IsChinese);
                SplitPunctuation();
                break;
            case BleuTokenizer.Intl:
                Text.Append(_text, line);
                PadSecond(static c => !IsNumber(c), IsPunctuation);
                PadFirst(IsPunctuation, static c => !IsNumber(c));
                Pad(IsSymbol);
                break;
            case BleuTokenizer.None:
                Text.Append(_text, line);
                break;
            case BleuTokenizer.Char:
                Text.Append(_text, line);
                _text.RemoveAll(Text.IsSpace);
                words.AddRange(_text);
                return;
        }

        Text.AppendWords(words, _text.Span(), _words);
    }

    private static string Join(string line)
    {
        line = line.Replace("<skipped>", "", StringComparison.Ordinal);
        return Text.Unescape(line.Replace("-\n", "", StringComparison.Ordinal).Replace('\n', ' '));
    }

    // Points and commas stay within numbers, a hyphen is split off behind a digit only, an apostrophe never.
    private void SplitPunctuation()
    {
        Pad(static c => c is >= '!' and <= '&' or >= '(' and <= '+' or '/' or >= ':' and <= '@' or >= '[' and <= '`'
            or >= '{' and <= '~');
        PadSecond(static c => !IsDigit(c), static c => c is '.' or ',');
        PadFirst(static c => c is '.' or ',', static c => !IsDigit(c));
        PadSecond(IsDigit, static c => c == '-');
    }

    // x → " x "
    private void Pad(Func<int, bool> matches)
    {
        _spaced.Clear();
        foreach (int c in _text)
        {
            if (matches(c))
                _spaced.AddRange([' ', c, ' ']);
            else
                _spaced.Add(c);
        }

        (_text, _spaced) = (_spaced, _text);
    }

    // xy → "x y "; neither is looked at again.
    private void PadSecond(Func<int, bool> first, Func<int, bool> second)
    {
        _spaced.Clear();
        for (int i = 0; i < _text.Count; i++)
        {
            _spaced.Add(_text[i]);
            if (i + 1 < _text.Count && second(_text[i + 1]) && first(_text[i]))
                _spaced.AddRange([' ', _text[++i], ' ']);
        }

        (_text, _spaced) = (_spaced, _text);
    }

    // xy → " x y"; neither is looked at again.
    private void PadFirst(Func<int, bool> first, Func<int, bool> second)
    {
        _spaced.Clear();
        for (int i = 0; i < _text.Count; i++)
        {
            if (i + 1 < _text.Count && first(_text[i]) && second(_text[i + 1]))
                _spaced.AddRange([' ', _text[i], ' ', _text[++i]]);
            else
                _spaced.Add(_text[i]);
        }

        (_text, _spaced) = (_spaced, _text);
    }

    private static bool IsDigit(int c) => c is >= '0' and <= '9';

    private static bool IsNumber(int c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static bool IsPunctuation(int c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
        or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
        or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;

    private static bool IsSymbol(int c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol
        or UnicodeCategory.OtherSymbol;

    // What sacreBLEU's table comes to. Its two ranges beyond U+FFFF are written with four digits too few, so that they
    // take in U+2001 to U+2A6D (quotes, dashes, arrows, box drawings) and leave out the rare ideographs they mean.
    private static bool IsChinese(int c)
        => c is >= 0x2001 and <= 0x2A6D or >= 0x2E80 and <= 0x2FDF or >= 0x2FF0 and <= 0x303F or >= 0x3100 and <= 0x312F
            or >= 0x31A0 and <= 0x31BF or >= 0x31C0 and <= 0x31EF or >= 0x3200 and <= 0x4DB5 or >= 0x4E00 and <= 0x9FBB
            or >= 0xF900 and <= 0xFA2D or >= 0xFA30 and <= 0xFA6A or >= 0xFA70 and <= 0xFAD9 or >= 0xFE10 and <= 0xFE1F
            or >= 0xFE30 and <= 0xFE4F or >= 0xFF00 and <= 0xFFEF;
}
