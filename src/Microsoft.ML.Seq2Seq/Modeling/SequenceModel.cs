using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// An encoder-decoder over token ids. Training uses <see cref="Forward"/>; search uses <see cref="Start"/>,
/// <see cref="Step"/> and <see cref="Reorder"/>, and knows nothing else of a model. A model keeps no state between
/// calls, so that any number of threads may predict with it.
/// </summary>
internal abstract class SequenceModel(string name) : nn.Module(name), IStepModel
{
    /// <summary>Width of the decoder's output.</summary>
    public abstract int Width { get; }

    /// <summary>Number of target tokens.</summary>
    public abstract int TargetVocabulary { get; }

    /// <summary>(V, D) turns the decoder's output into logits; may be one of the embedding matrices.</summary>
    public abstract Parameter OutputWeight { get; }

    /// <summary>What the model was made by: its public properties tell whether two models are of one kind.</summary>
    public abstract object Settings { get; }

    /// <summary>The decoder's output for every target position, before the logits: (B, T, D).</summary>
    /// <param name="batch">Source and teacher-forced target.</param>
    /// <param name="training">Null at validation.</param>
    public abstract Tensor Forward(Batch batch, TrainingPass? training);

    /// <summary>See <see cref="IStepModel.Start"/>.</summary>
    public abstract DecoderState Start(SourceBatch source);

    DecoderState IStepModel.Start(SourceBatch source, Team team) => Start(source);

    /// <summary>See <see cref="IStepModel.Step"/>.</summary>
    /// <param name="tokens">(R) int64.</param>
    /// <returns>(R, V) logits, a fresh tensor, and the state after this token.</returns>
    public abstract (Tensor Logits, DecoderState State) Step(DecoderState state, Tensor tokens);

    /// <summary>See <see cref="IStepModel.Reorder"/>.</summary>
    /// <param name="hypotheses">(R') int64.</param>
    /// <param name="sources">(B') int64, or null.</param>
    public abstract DecoderState Reorder(DecoderState state, Tensor hypotheses, Tensor? sources);

    unsafe (StepOutput Output, DecoderState State) IStepModel.Step(DecoderState state, int[] tokens)
    {
        (var onDevice, state) = Step(state, OnDevice(tokens));
        var logits = onDevice.to(ScalarType.Float32).cpu().contiguous();
        float[]? attention = state.Noted is not null ? state.Attention!.to(ScalarType.Float32).cpu().data<float>().ToArray() : null;
        fixed (byte* first = logits.bytes)
            return (new StepOutput((float*)first, tokens.Length, (int)logits.shape[1], (int)logits.shape[1], attention), state);
    }

    DecoderState IStepModel.Reorder(DecoderState state, int[] hypotheses, int[]? sources) =>
        Reorder(state, OnDevice(hypotheses), sources is null ? null : OnDevice(sources));

    private Tensor OnDevice(int[] indices) => torch.tensor(Array.ConvertAll(indices, index => (long)index), device: OutputWeight.device);

    /// <summary>A model of the same shape with weights of its own, on the same device: training binds them to this
    /// one's and runs both side by side.</summary>
    public abstract SequenceModel Replica();

    /// <summary>(…, D) → (…, V)</summary>
    public Tensor Logits(Tensor decoded) => nn.functional.linear(decoded, OutputWeight);
}
