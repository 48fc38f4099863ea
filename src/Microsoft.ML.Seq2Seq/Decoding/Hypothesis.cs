namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>One finished output of a search. Every output ends with the end token: one that reached the length limit
/// has it forced, and pays its probability, so that outputs of all lengths compare fairly.</summary>
/// <param name="Tokens">Target tokens without the end token.</param>
/// <param name="TokenScores">Log-probability of each token and of the end token: one more than there are
/// tokens.</param>
/// <param name="LogProbability">Their sum: log P(target | source).</param>
/// <param name="Score"><paramref name="LogProbability"/> divided by the length penalty.</param>
internal sealed record Hypothesis(int[] Tokens, float[] TokenScores, double LogProbability, double Score);

/// <summary>A prefix under search: the last token and the way back. Prefixes share their beginnings, so that keeping
/// and dropping them copies nothing.</summary>
/// <param name="Length">Tokens written, the end token included.</param>
internal sealed record Prefix(Prefix? Parent, int Token, double LogProbability, int Length)
{
    /// <summary>What every output starts from.</summary>
    public static Prefix Root(int beginToken) => new(null, beginToken, 0, 0);

    public Prefix Extend(Candidate next) => new(this, next.Token, LogProbability + next.LogProbability, Length + 1);

    /// <summary>The output of a prefix that closes with the end token.</summary>
    public Hypothesis Finish(double lengthPenalty)
    {
        var tokens = new int[Length - 1];
        var scores = new float[Length];
        for (var prefix = this; prefix.Parent is { } parent; prefix = parent)
        {
            scores[prefix.Length - 1] = (float)(prefix.LogProbability - parent.LogProbability);
            if (prefix.Length <= tokens.Length)
                tokens[prefix.Length - 1] = prefix.Token;
        }
        return new Hypothesis(tokens, scores, LogProbability, LogProbability / LengthPenalty.Divisor(Length, lengthPenalty));
    }
}

/// <summary>((5 + length) / 6)^α (Wu et al. 2016, equation 14); the end token counts.</summary>
internal static class LengthPenalty
{
    public static double Divisor(int length, double alpha) => Math.Pow((5.0 + length) / 6.0, alpha);
}
