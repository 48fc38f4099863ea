using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Counts the tokens of texts under a vocabulary.</summary>
/// <param name="counts">Occurrences by id, shared by both sides of a shared vocabulary.</param>
internal sealed class TokenTally(SubwordTokenizer tokenizer, long[] counts)
{
    private readonly LengthTally _lengths = new();
    private long _characters;

    public long Tokens { get; private set; }

    public long Unknown { get; private set; }

    /// <returns>How many of the text's tokens are unknown.</returns>
    public int Add(string text)
    {
        int[] ids = tokenizer.Encode(text);
        int unknown = 0;
        foreach (int id in ids)
        {
            counts[id]++;
            unknown += IsUnknown(id) ? 1 : 0;
        }
        _lengths.Add(ids.Length);
        Tokens += ids.Length;
        _characters += text.Length;
        Unknown += unknown;
        return unknown;
    }

    /// <param name="scale">Rows of the data for each one counted.</param>
    /// <param name="unknown">What the rate of unknown tokens was counted on.</param>
    public TokenStatistics Statistics(double scale, TokenTally unknown) => new()
    {
        Lengths = _lengths.Statistics(),
        Tokens = (long)(Tokens * scale),
        CharactersPerToken = Tokens > 0 ? (double)_characters / Tokens : double.NaN,
        UnknownRate = unknown.Tokens > 0 ? (double)unknown.Unknown / unknown.Tokens : double.NaN,
    };

    /// <summary>The unknown token, and bytes that stand for what has no piece.</summary>
    private bool IsUnknown(int id) => id < VocabularyTally.FirstLearned(tokenizer);
}
