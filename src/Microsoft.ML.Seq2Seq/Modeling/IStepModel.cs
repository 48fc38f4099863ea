using Microsoft.ML.Seq2Seq.Batching;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>All that search knows of a model: it reads the sources once and then one token of every hypothesis at a
/// time. What it remembers in between is a value of the caller's.</summary>
internal interface IStepModel
{
    /// <summary>Reads the sources: a state with one hypothesis for each, nothing written yet.</summary>
    DecoderState Start(SourceBatch source);

    /// <summary>Reads one more token of every hypothesis.</summary>
    /// <param name="state">Taken over: use the returned one from here on.</param>
    /// <param name="tokens">(R) the last token of each hypothesis, int64.</param>
    /// <returns>(R, V) logits of the next token, a fresh tensor that the caller may overwrite, and the state after
    /// this one.</returns>
    (Tensor Logits, DecoderState State) Step(DecoderState state, Tensor tokens);

    /// <summary>Keeps, repeats or drops hypotheses and sources.</summary>
    /// <param name="state">Taken over: use the returned one from here on.</param>
    /// <param name="hypotheses">(R') for each new row the old one, int64.</param>
    /// <param name="sources">(B') for each new source the old one, int64; null keeps all.</param>
    DecoderState Reorder(DecoderState state, Tensor hypotheses, Tensor? sources);
}
