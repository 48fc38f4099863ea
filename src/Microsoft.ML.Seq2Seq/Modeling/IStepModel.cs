using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>All that search knows of a model: it reads the sources once and then one token of every hypothesis at a
/// time. What it remembers in between is a value of the caller's.</summary>
internal interface IStepModel
{
    /// <summary>Reads the sources: a state with one hypothesis for each, nothing written yet.</summary>
    /// <param name="source">The sources.</param>
    /// <param name="team">Who computes, here and in the steps, where the model leaves that to its caller.</param>
    DecoderState Start(SourceBatch source, Team team);

    /// <summary>Reads one more token of every hypothesis.</summary>
    /// <param name="state">Taken over: use the returned one from here on.</param>
    /// <param name="tokens">(R) the last token of each hypothesis.</param>
    /// <returns>What may come next, and the state after this token.</returns>
    (StepOutput Output, DecoderState State) Step(DecoderState state, int[] tokens);

    /// <summary>Keeps, repeats or drops hypotheses and sources.</summary>
    /// <param name="state">Taken over: use the returned one from here on.</param>
    /// <param name="hypotheses">(R') for each new row the old one.</param>
    /// <param name="sources">(B') for each new source the old one; null keeps all.</param>
    DecoderState Reorder(DecoderState state, int[] hypotheses, int[]? sources);
}

/// <summary>What a model says of the next token of every hypothesis. It lasts until the model's next step, or until the end
/// of the dispose scope around this one.</summary>
/// <param name="logits">Of the first row; the caller may overwrite them.</param>
/// <param name="stride">Elements from one row to the next.</param>
/// <param name="attention">(R, longest source) shares of attention that source tokens had; null where they are not noted.</param>
/// <param name="maxima">(R, <see cref="LogitBlock.Count"/>) of <see cref="LogitBlock.Summarize"/>; null: nobody has summed up.</param>
/// <param name="sums">Likewise.</param>
internal readonly unsafe struct StepOutput(
    float* logits, int rows, int vocabulary, int stride, float[]? attention, float* maxima = null, float* sums = null)
{
    private readonly int _blocks = LogitBlock.Count(vocabulary);

    public int Rows => rows;

    public int Vocabulary => vocabulary;

    public bool HasAttention => attention is not null;

    /// <summary>Whether the logits' blocks are summed up.</summary>
    public bool HasSummary => maxima != null;

    /// <summary>The largest logit of each block; the caller may overwrite them.</summary>
    public Span<float> Maxima(int row) => new(maxima + (nint)row * _blocks, _blocks);

    /// <summary>What the blocks sum up to.</summary>
    public ReadOnlySpan<float> Sums(int row) => new(sums + (nint)row * _blocks, _blocks);

    /// <summary>(V) logits of the token that follows a hypothesis.</summary>
    public Span<float> Logits(int row) => new(logits + (nint)row * stride, vocabulary);

    /// <summary>How a hypothesis attends to the first tokens of its source.</summary>
    public ReadOnlySpan<float> Attention(int row, int sourceLength) => attention.AsSpan(attention!.Length / rows * row, sourceLength);
}
