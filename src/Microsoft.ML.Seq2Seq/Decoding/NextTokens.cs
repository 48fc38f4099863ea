namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>A next token and its log-probability.</summary>
internal readonly record struct Candidate(int Token, float LogProbability);

/// <summary>The model's distribution over the token that follows one prefix. A banned token keeps its share of the
/// probability, as in training; it just can't be chosen.</summary>
internal readonly ref struct NextTokens
{
    private readonly Span<float> _logits; // (V)
    private readonly float _logNormalizer;

    /// <param name="logits">(V) of the model; overwritten.</param>
    /// <exception cref="InvalidOperationException">The logits are not numbers.</exception>
    public NextTokens(Span<float> logits)
    {
        _logits = logits;
        _logNormalizer = VocabularyRow.LogSumExp(logits);
        if (!float.IsFinite(_logNormalizer))
            throw new InvalidOperationException(
                "The model's output is not a number: its training diverged, or its weights are damaged.");
    }

    /// <summary>Log-probability of a token; -∞ where it is banned.</summary>
    public float this[int token] => _logits[token] - _logNormalizer;

    public void Ban(int token) => _logits[token] = float.NegativeInfinity;

    /// <summary>The most probable tokens, best first; fewer where the rest is banned.</summary>
    public Candidate[] Top(int count)
    {
        count = Math.Min(count, _logits.Length);
        Span<float> values = count <= 256 ? stackalloc float[count] : new float[count];
        Span<int> tokens = count <= 256 ? stackalloc int[count] : new int[count];
        count = VocabularyRow.Top(_logits, values, tokens);
        var candidates = new Candidate[count];
        for (int i = 0; i < count; i++)
            candidates[i] = new Candidate(tokens[i], values[i] - _logNormalizer);
        return candidates;
    }
}
