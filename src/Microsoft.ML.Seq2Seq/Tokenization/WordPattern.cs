using System.Text.RegularExpressions;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>A step that cuts a text into words, each of which is encoded by itself.</summary>
/// <param name="Regex">Matches words inside the basic plane (<see cref="BasicPlane"/>).</param>
/// <param name="KeepsRest">Whether what is between matches is a word, too, or white space that is left out.</param>
internal sealed partial record WordPattern(Regex Regex, bool KeepsRest)
{
    // A pattern that comes in a file may be a bad one.
    private static readonly TimeSpan _longestMatch = TimeSpan.FromSeconds(10);

    /// <summary>GPT-2's words; the byte-level pre-tokenizer of <c>tokenizer.json</c> has them built in.</summary>
    public static WordPattern ByteLevel { get; } = new(ByteLevelWords(), KeepsRest: true);

    /// <summary>What is between white space.</summary>
    public static WordPattern NotSpace { get; } = new(NotSpaces(), KeepsRest: false);

    /// <summary>Runs of letters, marks and digits, and runs of other signs.</summary>
    public static WordPattern WordsAndSigns { get; } = new(WordsOrSigns(), KeepsRest: false);

    /// <summary>A pattern that comes in a file.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    /// <exception cref="InvalidDataException">It names characters that <see cref="BasicPlane"/> hides.</exception>
    public static WordPattern Parse(string expression) => expression.Any(char.IsSurrogate)
        ? throw new InvalidDataException($"its pattern \"{expression}\" names characters outside the basic plane; allowed: their categories")
        : new(new Regex(expression, RegexOptions.CultureInvariant, _longestMatch), KeepsRest: true);

    /// <summary>The words of a text, in their order.</summary>
    public IEnumerable<(int Offset, int Length)> Split(string text)
    {
        int done = 0;
        for (var match = Next(text, null); match.Success; match = Next(text, match))
        {
            if (match.Index > done && KeepsRest)
                yield return (done, match.Index - done);
            if (match.Length > 0)
                yield return (match.Index, match.Length);
            done = match.Index + match.Length;
        }
        if (done < text.Length && KeepsRest)
            yield return (done, text.Length - done);
    }

    /// <summary>The match after another; none where it takes too long: no text may fail, and the rest of this one is then a
    /// word.</summary>
    private Match Next(string text, Match? match)
    {
        try
        {
            return match is null ? Regex.Match(text) : match.NextMatch();
        }
        catch (RegexMatchTimeoutException)
        {
            return Match.Empty;
        }
    }

    [GeneratedRegex(@"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex ByteLevelWords();

    [GeneratedRegex(@"\S+")]
    private static partial Regex NotSpaces();

    // Of \w+|[^\w\s]+ in Rust, where \w has more than in .NET: all marks, letter numbers, joiners and circled letters.
    [GeneratedRegex(@"[\w\p{M}\p{Nl}\u200C\u200D\u24B6-\u24E9]+|[^\w\p{M}\p{Nl}\u200C\u200D\u24B6-\u24E9\s]+")]
    private static partial Regex WordsOrSigns();
}
