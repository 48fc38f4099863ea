using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Words by patterns, one after another.</summary>
/// <param name="patterns">Each splits what the one before it left whole.</param>
internal sealed class WordSplitter(IReadOnlyList<WordPattern> patterns) : PreTokenizer
{
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        var words = Split(BasicPlane.Fold(text, out int[]? offsets), 0, 0);
        return offsets is null ? words : words.Select(word => (offsets[word.Offset], offsets[word.Offset + word.Length] - offsets[word.Offset]));
    }

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

    /// <param name="text">Part of a text.</param>
    /// <param name="start">Where it begins.</param>
    private IEnumerable<(int Offset, int Length)> Split(string text, int start, int pattern) => pattern == patterns.Count
        ? [(start, text.Length)]
        : patterns[pattern].Split(text).SelectMany(part => Split(text.Substring(part.Offset, part.Length), start + part.Offset, pattern + 1));
}
