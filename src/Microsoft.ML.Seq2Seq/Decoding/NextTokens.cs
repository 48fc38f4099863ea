using Microsoft.ML.Seq2Seq.Modeling;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>A next token.</summary>
/// <param name="Token">Its id.</param>
/// <param name="LogProbability">The model's.</param>
/// <param name="Score">What search compares: the log-probability, or what a rule has made of it.</param>
internal readonly record struct Candidate(int Token, float LogProbability, float Score);

/// <summary>What may follow one prefix.</summary>
/// <param name="Candidates">Best first.</param>
/// <param name="Attention">How the prefix attends to its source's tokens, the end token included; null where that is
/// not noted.</param>
internal readonly record struct Proposal(Candidate[] Candidates, float[]? Attention);

/// <summary>The model's distribution over the token that follows one prefix, as the rules of a search leave it. A
/// banned token keeps its share of the probability, as in training; it just can't be chosen.</summary>
internal ref struct NextTokens
{
    private readonly Span<float> _logits; // (V)
    private readonly Span<float> _maxima; // of each block of them
    private readonly float _logNormalizer;
    private Dictionary<int, float>? _logProbabilities; // of the tokens that a rule has rescored

    /// <param name="logits">(V) of the model; overwritten.</param>
    /// <param name="maxima">(<see cref="LogitBlock.Count"/>) memory for the largest logit of each block.</param>
    /// <exception cref="InvalidOperationException">The logits are not numbers.</exception>
    public NextTokens(Span<float> logits, Span<float> maxima)
        : this(logits, maxima, VocabularyRow.LogSumExp(logits, maxima))
    {
    }

    /// <param name="logits">(V) of the model; overwritten.</param>
    /// <param name="maxima">(<see cref="LogitBlock.Count"/>) the largest of each block; overwritten.</param>
    /// <param name="sums">(<see cref="LogitBlock.Count"/>) of each block, see <see cref="LogitBlock.Summarize"/>.</param>
    /// <exception cref="InvalidOperationException">The logits are not numbers.</exception>
    public NextTokens(Span<float> logits, Span<float> maxima, ReadOnlySpan<float> sums)
        : this(logits, maxima, VocabularyRow.LogSumExpOfBlocks(maxima, sums))
    {
    }

    private NextTokens(Span<float> logits, Span<float> maxima, float logNormalizer)
    {
        _logits = logits;
        _maxima = maxima;
        _logNormalizer = logNormalizer;
        if (!float.IsFinite(_logNormalizer))
            throw new InvalidOperationException(
                "The model's output is not a number: its training diverged, or its weights are damaged.");
    }

    /// <summary>The score of a token: its log-probability as long as no rule has changed it; -∞ where it is
    /// banned.</summary>
    public readonly float this[int token] => _logits[token] - _logNormalizer;

    /// <summary>Whether every token is banned.</summary>
    public readonly bool IsEmpty => !_maxima.ContainsAnyExcept(float.NegativeInfinity);

    public readonly Candidate Candidate(int token) => Candidate(token, this[token]);

    public readonly void Ban(int token) => Set(token, float.NegativeInfinity);

    /// <summary>Lifts a ban.</summary>
    public readonly void Allow(int token, float score) => Set(token, score + _logNormalizer);

    public readonly void BanAllBut(ReadOnlySpan<int> tokens)
    {
        Span<float> kept = tokens.Length <= 256 ? stackalloc float[tokens.Length] : new float[tokens.Length];
        for (int i = 0; i < tokens.Length; i++)
            kept[i] = _logits[tokens[i]];
        _logits.Fill(float.NegativeInfinity);
        _maxima.Fill(float.NegativeInfinity);
        for (int i = 0; i < tokens.Length; i++)
            Set(tokens[i], kept[i]);
    }

    /// <summary>Gives a token another score; its log-probability stays what it was.</summary>
    public void Rescore(int token, float score)
    {
        (_logProbabilities ??= []).TryAdd(token, this[token]);
        Set(token, score + _logNormalizer);
    }

    /// <summary>The tokens of the highest scores, best first; fewer where the rest is banned.</summary>
    public readonly Candidate[] Top(int count)
    {
        count = Math.Min(count, _logits.Length);
        Span<float> logits = count <= 256 ? stackalloc float[count] : new float[count];
        Span<int> tokens = count <= 256 ? stackalloc int[count] : new int[count];
        count = VocabularyRow.Top(_logits, _maxima, logits, tokens);
        var candidates = new Candidate[count];
        for (int i = 0; i < count; i++)
            candidates[i] = Candidate(tokens[i], logits[i] - _logNormalizer);
        return candidates;
    }

    /// <summary>Draws from the distribution, sharpened or flattened by a temperature and then cut to its most probable
    /// tokens: those of the <paramref name="topK"/> highest scores (0: all), and of them the fewest whose probabilities
    /// add up to <paramref name="topP"/> (Holtzman et al. 2020).</summary>
    /// <param name="uniform">[0, 1): what decides.</param>
    public readonly Candidate Draw(double temperature, int topK, double topP, double uniform)
    {
        // Within what a float32 can hold.
        float scale = (float)Math.Clamp(1 / temperature, 1e-30, 1e30), max = VocabularyRow.Max(_maxima);
        if (topK == 0 && topP == 1)
        {
            double left = uniform * VocabularyRow.SumExp(_logits, max, scale);
            int drawn = -1;
            for (int token = 0; token < _logits.Length && left >= 0; token++)
            {
                if (_logits[token] == float.NegativeInfinity)
                    continue;
                drawn = token;
                left -= Math.Exp((_logits[token] - max) * scale);
            }
            return Candidate(drawn);
        }
        // Few tokens hold most of the probability: a short list usually does.
        for (int count = topK > 0 ? topK : 64; ; count *= 8)
        {
            var top = Top(count);
            var weights = Array.ConvertAll(top, candidate => Math.Exp((candidate.Score - top[0].Score) * scale));
            double wanted = topP * (topK > 0 ? weights.Sum() : VocabularyRow.SumExp(_logits, max, scale)), kept = 0;
            int tokens = 0;
            while (tokens < top.Length && kept < wanted)
                kept += weights[tokens++];
            if (kept < wanted && topK == 0 && top.Length == count)
                continue;
            double left = uniform * kept;
            int drawn = 0;
            while (drawn < tokens - 1 && (left -= weights[drawn]) >= 0)
                drawn++;
            return top[drawn];
        }
    }

    private readonly void Set(int token, float logit)
    {
        _logits[token] = logit;
        int block = token / LogitBlock.Length;
        _maxima[block] = VocabularyRow.Max(LogitBlock.Part(_logits, block));
    }

    private readonly Candidate Candidate(int token, float score) =>
        new(token, _logProbabilities is not null && _logProbabilities.TryGetValue(token, out float modelled) ? modelled : score, score);
}
