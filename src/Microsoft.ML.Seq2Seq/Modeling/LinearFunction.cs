using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>y = xWᵀ + b by <see cref="OneDnn"/>, with its gradients: dx = dy·W, dW = dyᵀx, db = Σ dy.</summary>
internal sealed class LinearFunction : SingleTensorFunction<LinearFunction>
{
    private const string Pass = "pass";
    private const int RowsThatPay = 768; // for packing: with 480 it costs twice what it gives, with 1,024 it gives twice what it costs

    public override string Name => "oneDNN linear";

    /// <summary>(…, in), (out, in), (out) → (…, out)</summary>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor bias, TrainingPass training)
    {
        long[] shape = x.shape;
        // Two dimensions inside: autograd forbids work in place on a view that a function returns. (Of a view of its result it copies
        // the gradient.)
        using var scope = NewDisposeScope(); // the forward pass leaves a handle of its own
        return (shape.Length == 2 ? apply(x, weight, bias, training)
            : apply(x.reshape(-1, shape[^1]), weight, bias, training).view([.. shape[..^1], weight.shape[0]])).MoveToOuterDisposeScope();
    }

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var (x, weight, bias) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2]);
        ctx.save_for_backward([x, weight]);
        ctx.save_data(Pass, vars[3]);
        if (x.shape[0] < RowsThatPay)
            return OneDnn.Linear(x, weight, bias);
        using var packed = OneDnn.Pack(weight, x.shape[0]);
        return OneDnn.Linear(x, packed, bias);
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var training = (TrainingPass)ctx.get_data(Pass);
        training.Gradients.Release(); // what the call before returned has gone into the graph
        using var scope = NewDisposeScope();
        grad_output.MoveToOtherDisposeScope(scope);
        var saved = ctx.get_saved_variables();
        var (x, weight) = (saved[0], saved[1]);
        return [.. training.Gradients.Keep(OneDnn.Linear(grad_output, weight.t()), OneDnn.Linear(grad_output.t(), x.t()), grad_output.sum([0])), null!];
    }
}
