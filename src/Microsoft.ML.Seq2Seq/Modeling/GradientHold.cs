using System.Runtime.ExceptionServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>What passes between functions of ours and autograd in the backward passes of one thread.</summary>
/// <remarks>
/// The gradients that one returns are kept until the next returns its own: autograd takes them over after the return, and waiting for
/// the end of the step would keep those of all layers. An exception that left a function would end the process, for it cannot pass the
/// native code that calls it: it is kept as well, and thrown when the pass is back.
/// </remarks>
internal sealed class GradientHold
{
    private Tensor[] _held = [];
    private ExceptionDispatchInfo? _failure;

    /// <summary>Computes what a function returns to autograd.</summary>
    /// <param name="inputs">That the function got; the first is a matrix, or more.</param>
    /// <param name="differentiate">Gradients of the first of them, made in the scope; the others have none.</param>
    public List<Tensor> Differentiate(int inputs, Func<DisposeScope, Tensor[]> differentiate)
    {
        Release(); // it has gone into the graph
        using var scope = NewDisposeScope();
        Tensor[] gradients;
        try
        {
            gradients = differentiate(scope);
        }
        catch (Exception error)
        {
            _failure = ExceptionDispatchInfo.Capture(error);
            gradients = [torch.empty(0)]; // of no input's shape: libtorch refuses it and breaks the pass off
        }
        _held = Array.ConvertAll(gradients, gradient => gradient.MoveToOuterDisposeScope());
        return [.. _held, .. new Tensor[inputs - _held.Length]];
    }

    /// <summary>Runs a backward pass; throws what a function of it threw.</summary>
    public void Run(Action backward)
    {
        _failure = null;
        try
        {
            backward();
        }
        catch when (_failure is not null)
        {
            _failure.Throw(); // rather than that a gradient is wrong
        }
        finally
        {
            Release();
        }
    }

    private void Release()
    {
        foreach (var gradient in _held)
            gradient.Dispose();
        _held = [];
    }
}
