using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// The backward pass in pieces. Autograd keeps what a forward pass computed until the backward pass has used it; here
/// the graph is cut at the inputs of every layer, so that a piece between two cuts can be computed once without keeping
/// anything and once more, piece by piece, when its gradient is due (Chen et al. 2016). Pieces may stand within pieces.
/// The first backward pass ends at the cuts; <see cref="Unwind()"/> then runs the others in reverse. No operation may lie
/// on the way to two pieces, or autograd would pass it twice: what several pieces use is cut.
/// </summary>
/// <param name="dropout">Of the forward pass: set back, so that a piece drops the same elements again.</param>
/// <param name="recomputes">Whether whole layers are computed again; else only pieces that ask for it themselves.</param>
internal sealed class GradientTape(Dropout dropout, bool recomputes)
{
    private readonly Stack<Action> _pieces = new();

    /// <summary>Cuts the graph: the same values as a leaf, whose gradient goes on to <paramref name="x"/> in its turn.</summary>
    public Tensor Cut(Tensor x)
    {
        if (!torch.is_grad_enabled())
            return x; // within a piece whose forward pass this is
        var leaf = x.detach().requires_grad_(true);
        _pieces.Push(() =>
        {
            if (leaf.grad is { } gradient)
                x.backward([gradient]);
        });
        return leaf;
    }

    /// <summary>A layer, as a function of leaves alone.</summary>
    public Tensor Layer(Func<Tensor> layer)
    {
        if (!recomputes)
            return Cut(layer());
        return Piece(layer, gradient =>
        {
            int below = _pieces.Count;
            layer().backward([gradient]);
            Unwind(below);
        });
    }

    /// <summary>A computation that keeps nothing for its backward pass.</summary>
    /// <param name="forward">Without a graph; the result is fresh.</param>
    /// <param name="backward">Gets the gradient of the result; dropout draws what it drew in <paramref name="forward"/>.</param>
    public Tensor Piece(Func<Tensor> forward, Action<Tensor> backward)
    {
        if (!torch.is_grad_enabled())
            return forward();
        ulong drawn = dropout.Drawn;
        Tensor output;
        using (torch.no_grad())
        {
            using var scope = NewDisposeScope();
            output = forward().MoveToOuterDisposeScope();
        }
        output.requires_grad_(true);
        _pieces.Push(() =>
        {
            using var scope = NewDisposeScope();
            if (output.grad is not { } gradient)
                return;
            dropout.Drawn = drawn;
            backward(gradient);
        });
        return output;
    }

    /// <summary>The rest of the backward pass, once that of the last piece has run.</summary>
    public void Unwind()
    {
        ulong drawn = dropout.Drawn;
        Unwind(0);
        dropout.Drawn = drawn;
    }

    private void Unwind(int below)
    {
        while (_pieces.Count > below)
            _pieces.Pop()();
    }
}
