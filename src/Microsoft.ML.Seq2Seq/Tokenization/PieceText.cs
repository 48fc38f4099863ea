namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>What an id adds to a text: characters, or bytes, which may need those of their neighbours to become some.</summary>
internal readonly record struct PieceText(string Characters, byte[]? Bytes = null)
{
    /// <summary>Nothing.</summary>
    public static PieceText None { get; } = new("");

    /// <summary>An id that has no text.</summary>
    public static PieceText Replacement { get; } = new(SpecialTokens.Replacement.ToString());
}
