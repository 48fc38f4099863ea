namespace Microsoft.ML.Seq2Seq;

/// <summary>How the encoder's states of a text's tokens become one vector.</summary>
public enum EmbeddingPooling
{
    /// <summary>Their mean: every token counts alike.</summary>
    Mean,

    /// <summary>The largest value of each dimension.</summary>
    Max,

    /// <summary>The first token's state, which has attended to all the others.</summary>
    First,
}
