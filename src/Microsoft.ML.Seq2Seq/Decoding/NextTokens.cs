namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>A next token.</summary>
/// <param name="Token">Its id.</param>
/// <param name="LogProbability">The model's.</param>
/// <param name="Score">What search compares: the log-probability, or what a rule has made of it.</param>
internal readonly record struct Candidate(int Token, float LogProbability, float Score);

/// <summary>The model's distribution over the token that follows one prefix, as the rules of a search leave it. A
/// banned token keeps its share of the probability, as in training; it just can't be chosen.</summary>
internal ref struct NextTokens
{
    private readonly Span<float> _logits; // (V)
    private readonly float _logNormalizer;
    private Dictionary<int, float>? _logProbabilities; // of the tokens that a rule has rescored

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

    /// <summary>The score of a token: its log-probability as long as no rule has changed it; -∞ where it is
    /// banned.</summary>
    public readonly float this[int token] => _logits[token] - _logNormalizer;

    /// <summary>Whether every token is banned.</summary>
    public readonly bool IsEmpty => !_logits.ContainsAnyExcept(float.NegativeInfinity);

    public readonly Candidate Candidate(int token) => Candidate(token, this[token]);

    public readonly void Ban(int token) => _logits[token] = float.NegativeInfinity;

    /// <summary>Lifts a ban.</summary>
    public readonly void Allow(int token, float score) => _logits[token] = score + _logNormalizer;

    public readonly void BanAllBut(ReadOnlySpan<int> tokens)
    {
        Span<float> kept = tokens.Length <= 256 ? stackalloc float[tokens.Length] : new float[tokens.Length];
        for (int i = 0; i < tokens.Length; i++)
            kept[i] = _logits[tokens[i]];
        _logits.Fill(float.NegativeInfinity);
        for (int i = 0; i < tokens.Length; i++)
            _logits[tokens[i]] = kept[i];
    }

    /// <summary>Gives a token another score; its log-probability stays what it was.</summary>
    public void Rescore(int token, float score)
    {
        (_logProbabilities ??= []).TryAdd(token, this[token]);
        _logits[token] = score + _logNormalizer;
    }

    /// <summary>The tokens of the highest scores, best first; fewer where the rest is banned.</summary>
    public readonly Candidate[] Top(int count)
    {
        count = Math.Min(count, _logits.Length);
        Span<float> logits = count <= 256 ? stackalloc float[count] : new float[count];
        Span<int> tokens = count <= 256 ? stackalloc int[count] : new int[count];
        count = VocabularyRow.Top(_logits, logits, tokens);
        var candidates = new Candidate[count];
        for (int i = 0; i < count; i++)
            candidates[i] = Candidate(tokens[i], logits[i] - _logNormalizer);
        return candidates;
    }

    private readonly Candidate Candidate(int token, float score) =>
        new(token, _logProbabilities is not null && _logProbabilities.TryGetValue(token, out float modelled) ? modelled : score, score);
}
