namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>One finished output of a search.</summary>
/// <param name="Tokens">Target tokens without the end token.</param>
/// <param name="TokenScores">Log-probability of each token; one more where the end token was written.</param>
/// <param name="LogProbability">Their sum.</param>
/// <param name="Score"><paramref name="LogProbability"/> divided by the length penalty.</param>
internal sealed record Hypothesis(int[] Tokens, float[] TokenScores, double LogProbability, double Score);

/// <summary>A prefix under search: the last token and the way back. Prefixes share their beginnings, so that keeping
/// and dropping them copies nothing.</summary>
internal sealed record Prefix(Prefix? Parent, int Token, double LogProbability, int Length, bool IsGreedy)
{
    public Hypothesis Finish(bool ended, double lengthPenalty)
    {
        var tokens = new int[ended ? Length - 1 : Length];
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

/// <summary>((5 + length) / 6)^α (Wu et al. 2016, equation 14).</summary>
internal static class LengthPenalty
{
    public static double Divisor(int length, double alpha) => Math.Pow((5.0 + length) / 6.0, alpha);
}
