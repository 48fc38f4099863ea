namespace Microsoft.ML.Seq2Seq;

/// <summary>What a model wrote for one source.</summary>
public sealed record Generation
{
    internal Generation()
    {
    }

    /// <summary>For a source that is empty, or over-long and not to be cut.</summary>
    internal static Generation Empty { get; } = new() { Text = "", Score = float.NaN };

    /// <summary>The best hypothesis; empty for an empty source.</summary>
    public string Text { get; internal init; } = "";

    /// <summary>Its log-probability divided by the length penalty: 0 is certain, lower is less so. NaN for an empty
    /// source.</summary>
    public float Score { get; internal init; }

    /// <summary>How probable it is that <see cref="Text"/> is right, 0 to 1; NaN for an empty source, and where the model
    /// was not calibrated by <see cref="Seq2SeqCatalog.Calibrate"/>.</summary>
    public float Confidence { get; internal init; } = float.NaN;

    /// <summary>The subwords of <see cref="Text"/>.</summary>
    public IReadOnlyList<string> Tokens { get; internal init; } = [];

    /// <summary><see cref="Tokens"/> by their places in the vocabulary.</summary>
    internal int[] TokenIds { get; init; } = [];

    /// <summary>Log-probability of each of <see cref="Tokens"/>, and of the end.</summary>
    public IReadOnlyList<float> TokenScores { get; internal init; } = [];

    /// <summary>The subwords of the source; empty unless <see cref="DecodingOptions.OutputAlignment"/> asks for the
    /// alignment.</summary>
    public IReadOnlyList<string> SourceTokens { get; internal init; } = [];

    /// <summary>For each of <see cref="Tokens"/> the share of attention on each of <see cref="SourceTokens"/>; what is
    /// missing to 1 fell on the source's end. Empty unless <see cref="DecodingOptions.OutputAlignment"/> asks for
    /// it.</summary>
    public IReadOnlyList<IReadOnlyList<float>> Alignment { get; internal init; } = [];

    /// <summary>All hypotheses that were asked for, best first, this one at the head; empty where a hypothesis is
    /// itself one of such a list.</summary>
    public IReadOnlyList<Generation> Hypotheses { get; internal init; } = [];

    /// <summary>Gives <see cref="Text"/>.</summary>
    public override string ToString() => Text;
}
