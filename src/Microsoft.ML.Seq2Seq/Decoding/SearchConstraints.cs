namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>The texts that steer a search, as token ids: search knows no text.</summary>
internal sealed record SearchConstraints
{
    public static SearchConstraints None { get; } = new();

    /// <summary>Token sequences that must not be written; each is that of a phrase of
    /// <see cref="DecodingOptions.BannedPhrases"/> as it stands at some place in a text, none is empty.</summary>
    public IReadOnlyList<int[]> BannedPhrases { get; init; } = [];

    /// <summary>The targets of <see cref="DecodingOptions.AllowedTargets"/>; null allows all.</summary>
    public TokenTrie? AllowedTargets { get; init; }

    /// <summary>For each source what its outputs begin with, without special tokens; null forces nothing.</summary>
    public IReadOnlyList<int[]>? Prefixes { get; init; }

    /// <summary>Checks that the texts of the options have arrived as tokens.</summary>
    public void Check(DecodingOptions options, int sources)
    {
        if (options.BannedPhrases.Count > 0 && BannedPhrases.Count == 0)
            throw new ArgumentException($"{nameof(BannedPhrases)} is empty; allowed: the tokens of {nameof(DecodingOptions)}.{nameof(DecodingOptions.BannedPhrases)}.");
        if (BannedPhrases.Any(phrase => phrase.Length == 0))
            throw new ArgumentException($"{nameof(BannedPhrases)} holds an empty sequence; allowed: one or more tokens each.");
        if (options.AllowedTargets is null != AllowedTargets is null)
            throw new ArgumentException($"{nameof(AllowedTargets)} must be given where {nameof(DecodingOptions)}.{nameof(DecodingOptions.AllowedTargets)} is, and only there.");
        if (Prefixes is not null && Prefixes.Count != sources)
            throw new ArgumentException($"{nameof(Prefixes)} holds {Prefixes.Count}; allowed: one for each of {sources} sources.");
    }
}
