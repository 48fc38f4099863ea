using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>One rule about the token that follows what was written.</summary>
internal interface ITokenRule
{
    void Apply(ReadOnlySpan<int> written, ref NextTokens next);
}

/// <summary>What one source's outputs may look like: their length limit, a forced beginning, and a list of rules.</summary>
internal sealed class TokenRules
{
    private readonly int[] _prefix;
    private readonly int _minLength;
    private readonly bool _mayBeUnknown;
    private readonly TokenTrie? _allowed;
    private readonly List<ITokenRule> _rules = [];

    /// <param name="options">Validated.</param>
    /// <param name="constraints">Checked against the options.</param>
    /// <param name="row">The source's place among all.</param>
    /// <param name="sourceLength">Its tokens, the end token included.</param>
    public TokenRules(DecodingOptions options, SearchConstraints constraints, int row, int sourceLength)
    {
        _prefix = constraints.Prefixes?[row] ?? [];
        _minLength = options.MinLength;
        _allowed = constraints.AllowedTargets?[row];
        _mayBeUnknown = !options.SuppressUnknown || _allowed is not null;
        SourceLength = sourceLength;
        // The end token of a source is not text, so it does not count for the length limit.
        Limit = Math.Max(_prefix.Length, _allowed?.Depth ?? options.LengthLimit(sourceLength - 1));
        if (_allowed is not null)
            _rules.Add(new OnlyAllowed(_allowed));
        if (options.NoRepeatNgramSize > 0)
            _rules.Add(new NoRepeatedNgram(options.NoRepeatNgramSize));
        if (constraints.BannedPhrases is { } phrases)
            _rules.Add(phrases);
        if (options.RepetitionPenalty != 1)
            _rules.Add(new RepetitionCosts((float)options.RepetitionPenalty));
    }

    /// <summary>Tokens of the source, the end token included.</summary>
    public int SourceLength { get; }

    /// <summary>Most tokens, the end token not counted.</summary>
    public int Limit { get; }

    /// <summary>Whether no output can obey: no allowed target begins as it has to.</summary>
    public bool AllowNothing => _allowed is { IsEmpty: true };

    /// <summary>The one token that must follow, if there is only one: of the forced beginning, or the end at the
    /// limit.</summary>
    public int? Forced(Prefix prefix) =>
        prefix.Length < _prefix.Length ? _prefix[prefix.Length] : prefix.Length == Limit ? SpecialTokens.End : null;

    /// <summary>Bans and rescores. Where nothing is left that may be written, the output ends.</summary>
    public void Apply(Prefix prefix, ref NextTokens next)
    {
        float end = next[SpecialTokens.End];
        next.Ban(SpecialTokens.Pad);
        next.Ban(SpecialTokens.Begin);
        if (prefix.Length < _minLength)
            next.Ban(SpecialTokens.End);
        if (!_mayBeUnknown)
            next.Ban(SpecialTokens.Unknown);
        if (_rules.Count > 0)
        {
            int[] written = prefix.Tokens();
            foreach (var rule in _rules)
                rule.Apply(written, ref next);
        }
        if (next.IsEmpty)
            next.Allow(SpecialTokens.End, end);
    }
}

/// <summary>Text of the caller's list and nothing else.</summary>
internal sealed class OnlyAllowed(TokenTrie allowed) : ITokenRule
{
    public void Apply(ReadOnlySpan<int> written, ref NextTokens next) => next.BanAllBut(allowed.Next(written));
}

/// <summary>No n-gram twice (Paulus et al. 2018, section 2.5).</summary>
internal sealed class NoRepeatedNgram(int size) : ITokenRule
{
    public void Apply(ReadOnlySpan<int> written, ref NextTokens next)
    {
        if (written.Length < size)
            return;
        var last = written[^(size - 1)..];
        for (int i = 0; i + size <= written.Length; i++)
            if (written.Slice(i, size - 1).SequenceEqual(last))
                next.Ban(written[i + size - 1]);
    }
}

/// <summary>Multiplies the log-probability of what was written before (after Keskar et al. 2019, section 4.1, who divide
/// logits: log-probabilities have no arbitrary zero, so the effect is the same for every model).</summary>
internal sealed class RepetitionCosts(float penalty) : ITokenRule
{
    public void Apply(ReadOnlySpan<int> written, ref NextTokens next)
    {
        for (int i = 0; i < written.Length; i++)
            if (!written[..i].Contains(written[i]) && float.IsFinite(next[written[i]]))
                next.Rescore(written[i], next[written[i]] * penalty);
    }
}
