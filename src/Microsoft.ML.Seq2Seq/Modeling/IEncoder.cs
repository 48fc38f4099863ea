using Microsoft.ML.Seq2Seq.Batching;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>A model that reads a source into one state for each of its tokens.</summary>
internal interface IEncoder
{
    /// <summary>Width of a state.</summary>
    int EncoderWidth { get; }

    /// <summary>The state of every source position: (B, S, E). What it holds at padding means nothing.</summary>
    /// <param name="batch">The source.</param>
    /// <param name="training">Null outside of training.</param>
    Tensor Encode(SourceBatch batch, TrainingPass? training);
}
