using Microsoft.ML.Seq2Seq.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// y = xWᵀ + b in training on a CPU, in float32 or with weights rounded to bfloat16 before, and its gradients: dx = dy·W, dW = dyᵀx,
/// db = Σ dy. Those of the weights are added to their sums at once. Autograd would make a matrix for each first, of bfloat16 another, and
/// for some rows of a layer one of all its rows, mostly zeros.
/// </summary>
internal sealed class LinearFunction : SingleTensorFunction<LinearFunction>
{
    private const string Saved = "layer";
    private const int RowsThatPay = 768; // for packing: with 480 it costs twice what it gives, with 1,024 it gives twice what it costs

    public override string Name => "linear";

    /// <summary>(…, in) → (…, out), of the type of the weights.</summary>
    /// <param name="x">The input; it must need a gradient, or the weights get none.</param>
    /// <param name="layer">The weights.</param>
    public static Tensor Apply(Tensor x, Layer layer)
    {
        long[] shape = x.shape;
        // Two dimensions inside: autograd forbids work in place on a view that a function returns. (Of a view of its result it copies
        // the gradient.)
        using var scope = NewDisposeScope(); // the forward pass leaves a handle of its own
        return (shape.Length == 2 ? apply(x, layer) : apply(x.reshape(-1, shape[^1]), layer).view([.. shape[..^1], layer.Weight.shape[0]])).MoveToOuterDisposeScope();
    }

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var (x, layer) = ((Tensor)vars[0], (Layer)vars[1]);
        ctx.save_for_backward([x]);
        ctx.save_data(Saved, layer);
        if (!layer.IsByOneDnn)
            return nn.functional.linear(x, layer.Weight, layer.Bias);
        if (x.shape[0] < RowsThatPay)
            return OneDnn.Linear(x, layer.Weight, layer.Bias);
        using var packed = OneDnn.Pack(layer.Weight, x.shape[0]);
        return OneDnn.Linear(x, packed, layer.Bias);
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var layer = (Layer)ctx.get_data(Saved);
        return layer.Gradients.Differentiate(inputs: 2, scope =>
        {
            var dy = grad_output.MoveToOtherDisposeScope(scope);
            var x = ctx.get_saved_variables()[0];
            if (layer.IsRounded)
                BFloat16Rows.AddTo(layer.WeightGradient, dy.t().mm(x));
            else if (layer.IsByOneDnn && OneDnn.IsTwiceAsFast)
                layer.WeightGradient.Accumulate(OneDnn.Linear(dy.t(), x.t()));
            else
                layer.WeightGradient.addmm_(dy.t(), x); // into its place; oneDNN would transpose a copy and make a matrix to be added
            layer.BiasGradient.Accumulate(dy.sum(0, type: ScalarType.Float32));
            return [layer.IsByOneDnn ? OneDnn.Linear(dy, layer.Weight.t()) : dy.mm(layer.Weight)];
        });
    }

    /// <param name="Weight">(out, in) float32 or bfloat16, outside autograd.</param>
    /// <param name="Bias">(out) of the same type.</param>
    /// <param name="WeightGradient">(out, in) float32, contiguous; is added to.</param>
    /// <param name="BiasGradient">(out) float32; is added to.</param>
    /// <param name="Gradients">Hold what goes to autograd.</param>
    internal sealed record Layer(Tensor Weight, Tensor Bias, Tensor WeightGradient, Tensor BiasGradient, GradientHold Gradients)
    {
        public bool IsRounded => Weight.dtype == ScalarType.BFloat16;

        public bool IsByOneDnn => !IsRounded && OneDnn.IsFaster;
    }
}
