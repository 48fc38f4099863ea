namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>One finished output of a search. Every output ends with the end token: one that reached the length limit
/// has it forced, and pays its probability, so that outputs of all lengths compare fairly.</summary>
/// <param name="Tokens">Target tokens without the end token.</param>
/// <param name="TokenScores">Log-probability of each token and of the end token: one more than there are
/// tokens.</param>
/// <param name="LogProbability">Their sum: log P(target | source).</param>
/// <param name="Score">What search compares: <paramref name="LogProbability"/>, less the penalty on repetition if there
/// is one, divided by the length penalty, plus the coverage penalty.</param>
/// <param name="Attention">For each token and the end token, how attention fell on the source's tokens and its end token:
/// shares that add up to 1. Null where that was not noted.</param>
internal sealed record Hypothesis(
    int[] Tokens, float[] TokenScores, double LogProbability, double Score, float[][]? Attention = null)
{
    /// <summary>Stands for a source that has no output within its constraints.</summary>
    public static Hypothesis Impossible { get; } = new([], [], double.NegativeInfinity, double.NegativeInfinity);
}

/// <summary>A prefix under search: the last token and the way back. Prefixes share their beginnings, so that keeping
/// and dropping them copies nothing.</summary>
/// <param name="LogProbability">The model's, of all its tokens.</param>
/// <param name="Score">What search compares: the log-probability, or what its rules have made of it.</param>
/// <param name="Length">Tokens written, the end token included.</param>
/// <param name="Attention">How the source was attended to when the token was predicted; null where that is not
/// noted.</param>
internal sealed record Prefix(
    Prefix? Parent, int Token, double LogProbability, double Score, int Length, float[]? Attention)
{
    /// <summary>What every output starts from.</summary>
    public static Prefix Root(int beginToken) => new(null, beginToken, 0, 0, 0, null);

    public Prefix Extend(Candidate next, float[]? attention) =>
        new(this, next.Token, LogProbability + next.LogProbability, Score + next.Score, Length + 1, attention);

    /// <summary>What was written.</summary>
    public int[] Tokens()
    {
        var tokens = new int[Length];
        for (var prefix = this; prefix.Parent is { } parent; prefix = parent)
            tokens[prefix.Length - 1] = prefix.Token;
        return tokens;
    }

    /// <summary>The output of a prefix that closes with the end token.</summary>
    public Hypothesis Finish(DecodingOptions options)
    {
        var scores = new float[Length];
        var attention = Attention is null ? null : new float[Length][];
        for (var prefix = this; prefix.Parent is { } parent; prefix = parent)
        {
            scores[prefix.Length - 1] = (float)(prefix.LogProbability - parent.LogProbability);
            attention?[prefix.Length - 1] = prefix.Attention!;
        }
        double score = Score / LengthPenalty.Divisor(Length, options);
        if (attention is not null && options.CoveragePenalty > 0)
            score += options.CoveragePenalty * Coverage.LogShare(attention);
        return new Hypothesis(Tokens()[..^1], scores, LogProbability, score, options.OutputAlignment ? attention : null);
    }
}

/// <summary>What log-probabilities are divided by (Wu et al. 2016, equation 14).</summary>
internal static class LengthPenalty
{
    /// <param name="length">Tokens, the end token included: at least 1. The divisor never falls as it grows, which the safe end
    /// of a search relies on.</param>
    /// <param name="options">Give α and the form.</param>
    public static double Divisor(double length, DecodingOptions options) =>
        Math.Pow(options.LengthPenaltyForm == LengthPenaltyForm.Power ? length : (5 + length) / 6, options.LengthPenalty);
}

/// <summary>Σᵢ log min(Σⱼ pᵢⱼ, 1) over source tokens i and target tokens j (Wu et al. 2016, equation 14).</summary>
internal static class Coverage
{
    /// <summary>0 where each source token had a whole token's attention in all, else less.</summary>
    public static double LogShare(float[][] attention)
    {
        double sum = 0;
        // The source's end token is no text, and need not be covered.
        for (int i = 0; i < attention[0].Length - 1; i++)
            sum += Math.Log(Math.Clamp(attention.Sum(shares => (double)shares[i]), 1e-10, 1));
        return sum;
    }
}
