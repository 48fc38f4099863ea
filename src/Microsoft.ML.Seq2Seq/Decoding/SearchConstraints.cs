namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>The texts that steer a search, in terms of token ids: search knows no text.</summary>
internal sealed record SearchConstraints
{
    public static SearchConstraints None { get; } = new();

    /// <summary>Finds the phrases of <see cref="DecodingOptions.BannedPhrases"/>; null where there are none.</summary>
    public PhraseFilter? BannedPhrases { get; init; }

    /// <summary>For each source the targets of <see cref="DecodingOptions.AllowedTargets"/> that it may have; null allows
    /// all.</summary>
    public IReadOnlyList<TokenTrie>? AllowedTargets { get; init; }

    /// <summary>For each source what its outputs begin with, without special tokens; null forces nothing. Not
    /// together with <see cref="AllowedTargets"/>, which then hold only what begins so.</summary>
    public IReadOnlyList<int[]>? Prefixes { get; init; }

    /// <summary>Checks that the texts of the options have arrived.</summary>
    public void Check(DecodingOptions options, int sources)
    {
        if (options.BannedPhrases.Count > 0 != BannedPhrases is not null)
            throw new ArgumentException($"{nameof(BannedPhrases)} must be given where {nameof(DecodingOptions)}.{nameof(DecodingOptions.BannedPhrases)} are, and only there.");
        if (options.AllowedTargets is null != AllowedTargets is null)
            throw new ArgumentException($"{nameof(AllowedTargets)} must be given where {nameof(DecodingOptions)}.{nameof(DecodingOptions.AllowedTargets)} is, and only there.");
        if (AllowedTargets is not null && Prefixes is not null)
            throw new ArgumentException($"{nameof(Prefixes)} must be null where {nameof(AllowedTargets)} are given.");
        CheckCount(nameof(AllowedTargets), AllowedTargets?.Count);
        CheckCount(nameof(Prefixes), Prefixes?.Count);

        void CheckCount(string name, int? count)
        {
            if (count is not null && count != sources)
                throw new ArgumentException($"{name} holds {count}; allowed: one for each of {sources} sources.");
        }
    }
}
