using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>The texts of <see cref="DecodingOptions.AllowedTargets"/> by their tokens.</summary>
internal sealed class AllowedTexts
{
    private readonly SubwordTokenizer _vocabulary;
    private readonly Entry[] _byPrepared; // ordinally

    public AllowedTexts(IEnumerable<string> texts, SubwordTokenizer vocabulary)
    {
        _vocabulary = vocabulary;
        Entry[] entries = [.. texts.Select((text, i) => new Entry(vocabulary.Prepare(text), i, text, vocabulary.Encode(text)))];
        All = Trie(entries);
        _byPrepared = [.. entries.OrderBy(entry => entry.Prepared, StringComparer.Ordinal)];
    }

    public TokenTrie All { get; }

    /// <summary>For each of some texts those that begin with it; all for an empty one. Compared as the vocabulary prepares
    /// texts: their tokens need not begin with the beginning's, which is cut without regard to what follows.</summary>
    public TokenTrie[] Beginning(string?[] with)
    {
        var tries = with.Select(text => text ?? "").Distinct().ToDictionary(text => text, text => text.Length == 0 ? All : Beginning(text));
        return Array.ConvertAll(with, text => tries[text ?? ""]);
    }

    private TokenTrie Beginning(string with)
    {
        string prepared = _vocabulary.Prepare(with);
        int start = 0, end = _byPrepared.Length; // the first that is not before it
        while (start < end)
        {
            int middle = (start + end) / 2;
            if (string.CompareOrdinal(_byPrepared[middle].Prepared, prepared) < 0)
                start = middle + 1;
            else
                end = middle;
        }
        return Trie(_byPrepared.Skip(start).TakeWhile(entry => entry.Prepared.StartsWith(prepared, StringComparison.Ordinal)).OrderBy(entry => entry.Place));
    }

    private static TokenTrie Trie(IEnumerable<Entry> entries) => TokenTrie.Create(entries.Select(entry => (entry.Tokens, entry.Text)));

    /// <param name="Prepared">What is encoded.</param>
    /// <param name="Place">In the caller's list.</param>
    /// <param name="Text">As the caller wrote it.</param>
    /// <param name="Tokens">Of the vocabulary.</param>
    private sealed record Entry(string Prepared, int Place, string Text, int[] Tokens);
}
