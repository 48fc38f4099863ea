using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Keeps gradients that a function of ours returns to autograd until the next one returns its own: autograd takes them over
/// after the return, and waiting for the end of the step would keep those of all layers.</summary>
internal sealed class GradientHold
{
    private Tensor[] _held = [];

    /// <summary>The same tensors, out of the scope that the function opened.</summary>
    public Tensor[] Keep(params Tensor[] gradients) =>
        _held = Array.ConvertAll(gradients, gradient => gradient.MoveToOuterDisposeScope());

    /// <summary>Lets go of what was held: at the beginning of a function's backward pass.</summary>
    public void Release()
    {
        foreach (var gradient in _held)
            gradient.Dispose();
        _held = [];
    }
}
