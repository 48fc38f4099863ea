namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>One row to predict.</summary>
/// <param name="Source">What to read; null and empty text are answered with <see cref="Generation.Empty"/>.</param>
/// <param name="Prefix">What the output has to begin with; null and empty text force nothing.</param>
internal readonly record struct GenerationRequest(string? Source, string? Prefix = null)
{
    /// <summary>The source as token ids, where it comes encoded: then <see cref="Source"/> isn't looked at.</summary>
    public int[]? SourceIds { get; init; }

    /// <summary>Characters or tokens to read.</summary>
    public int Size => SourceIds?.Length ?? Source?.Length ?? 0;
}
