namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>The ids that every vocabulary has and that no text is encoded to, <see cref="Unknown"/> aside.</summary>
internal static class SpecialTokens
{
    /// <summary>Fills a batch; never seen by attention and never written.</summary>
    public const int Pad = 0;

    /// <summary>What the decoder reads before the first target token.</summary>
    public const int Begin = 1;

    /// <summary>Ends a source and a target.</summary>
    public const int End = 2;

    /// <summary>A unit outside the vocabulary. Byte-pair encoding has none: its bytes spell everything.</summary>
    public const int Unknown = 3;

    /// <summary>The first id of text.</summary>
    public const int FirstText = 4;

    /// <summary>How the four are shown.</summary>
    public static readonly string[] Names = ["<pad>", "<s>", "</s>", "<unk>"];

    /// <summary>What <see cref="Unknown"/> and broken bytes decode to: Unicode's own replacement character.</summary>
    public const char Replacement = '\uFFFD';
}
