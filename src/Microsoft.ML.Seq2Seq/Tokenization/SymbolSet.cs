using System.Buffers;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Which ends of the whole text a part of it has.</summary>
[Flags]
internal enum TextEdges
{
    None = 0,
    Start = 1,
    End = 2,
    Both = Start | End,
}

/// <summary>A symbol in a text, or what stands between two.</summary>
/// <param name="Text">Never empty.</param>
/// <param name="Symbol">Index of the symbol; -1 is none.</param>
/// <param name="Edges">Ends of the text that it has.</param>
internal readonly record struct TextPart(string Text, int Symbol, TextEdges Edges);

/// <summary>Strings that are one token each, wherever they stand in a text: it is cut at them before anything else is done
/// to it. Of several that begin at the same place the longest is taken.</summary>
internal sealed class SymbolSet
{
    private readonly string[] _symbols;
    private readonly (string Text, int Index)[] _longestFirst;
    private readonly SearchValues<string>? _search;

    /// <param name="symbols">Distinct, none of them empty, in the order of ids.</param>
    public SymbolSet(IEnumerable<string> symbols)
    {
        _symbols = [.. symbols];
        _longestFirst = [.. _symbols.Select((text, index) => (text, index)).OrderByDescending(symbol => symbol.text.Length)];
        _search = _symbols.Length > 0 ? SearchValues.Create(_symbols, StringComparison.Ordinal) : null;
    }

    public static SymbolSet Empty { get; } = new([]);

    public int Count => _symbols.Length;

    public ReadOnlySpan<string> Texts => _symbols;

    /// <summary>What is wrong with symbols as options or files have them; null is nothing.</summary>
    public static string? FindFault(IEnumerable<string?> symbols)
    {
        var seen = new HashSet<string>();
        foreach (string? symbol in symbols)
        {
            string? fault = symbol switch
            {
                null or "" => "is empty",
                _ when symbol.Length > MarkedText.MaximumWord => $"is longer than {MarkedText.MaximumWord} characters",
                _ when !Utf16.IsWellFormed(symbol) => "is no valid Unicode",
                _ when symbol.Contains(MarkedText.Space) => $"has a {MarkedText.Space}, the mark of a space",
                _ when char.IsWhiteSpace(symbol[0]) || char.IsWhiteSpace(symbol[^1]) => "begins or ends with white space",
                _ when SpecialTokens.Names.Contains(symbol) => "is how a special token is shown",
                _ when !seen.Add(symbol) => "occurs twice",
                _ => null,
            };
            if (fault is not null)
                return $"symbol \"{symbol}\" {fault}";
        }
        return null;
    }

    /// <summary>The parts of a text, which follow each other without a gap.</summary>
    /// <param name="text">Any text; the empty one has no parts.</param>
    /// <param name="betweenSpaces">Whether symbols count only where spaces or the text's ends are on both sides.</param>
    public IEnumerable<TextPart> Split(string text, bool betweenSpaces)
    {
        int done = 0;
        for (int from = 0; _search is not null && text.AsSpan(from).IndexOfAny(_search) is var found && found >= 0;)
        {
            int start = from + found;
            var (symbol, index) = Longest(text, start, betweenSpaces);
            if (index < 0)
            {
                from = start + 1;
                continue;
            }
            if (start > done)
                yield return Part(text, done, start, -1);
            done = from = start + symbol.Length;
            yield return Part(text, start, done, index);
        }
        if (done < text.Length)
            yield return Part(text, done, text.Length, -1);
    }

    private (string Text, int Index) Longest(string text, int start, bool betweenSpaces)
    {
        foreach (var symbol in _longestFirst)
        {
            int end = start + symbol.Text.Length;
            if (text.AsSpan(start).StartsWith(symbol.Text)
                && (!betweenSpaces || ((start == 0 || text[start - 1] == ' ') && (end == text.Length || text[end] == ' '))))
                return symbol;
        }
        return ("", -1);
    }

    private static TextPart Part(string text, int start, int end, int symbol) => new(
        text[start..end], symbol,
        (start == 0 ? TextEdges.Start : TextEdges.None) | (end == text.Length ? TextEdges.End : TextEdges.None));
}
