using Microsoft.ML.Seq2Seq.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// y = xWᵀ + b in bfloat16 with weights that were rounded before, and its gradients: dx = dy·W, dW = dyᵀx, db = Σ dy. Those of the
/// weights are added to their sums at once. Autograd would write dW three times: rounded, widened, and into the sum.
/// </summary>
internal sealed class RoundedLinear : SingleTensorFunction<RoundedLinear>
{
    private const string Saved = "layer";

    public override string Name => "rounded linear";

    /// <summary>(…, in) → (…, out), both bfloat16.</summary>
    /// <param name="x">The input; it must need a gradient, or the weights get none.</param>
    /// <param name="layer">The weights.</param>
    public static Tensor Apply(Tensor x, Layer layer)
    {
        long[] shape = x.shape;
        // Two dimensions inside: see LinearFunction.
        using var scope = NewDisposeScope(); // the forward pass leaves a handle of its own
        return (shape.Length == 2 ? apply(x, layer) : apply(x.reshape(-1, shape[^1]), layer).view([.. shape[..^1], layer.Weight.shape[0]])).MoveToOuterDisposeScope();
    }

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var (x, layer) = ((Tensor)vars[0], (Layer)vars[1]);
        ctx.save_for_backward([x]);
        ctx.save_data(Saved, layer);
        return nn.functional.linear(x, layer.Weight, layer.Bias);
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var layer = (Layer)ctx.get_data(Saved);
        layer.Gradients.Release(); // what the call before returned has gone into the graph
        using var scope = NewDisposeScope();
        grad_output.MoveToOtherDisposeScope(scope);
        BFloat16Rows.AddTo(layer.WeightGradient, grad_output.t().mm(ctx.get_saved_variables()[0]));
        layer.BiasGradient.Accumulate(grad_output.sum(0, type: ScalarType.Float32));
        return [.. layer.Gradients.Keep(grad_output.mm(layer.Weight)), null!];
    }

    /// <param name="Weight">(out, in) bfloat16</param>
    /// <param name="Bias">(out) bfloat16</param>
    /// <param name="WeightGradient">(out, in) float32, contiguous; is added to.</param>
    /// <param name="BiasGradient">(out) float32; is added to.</param>
    /// <param name="Gradients">Hold what goes to autograd.</param>
    internal sealed record Layer(Tensor Weight, Tensor Bias, Tensor WeightGradient, Tensor BiasGradient, GradientHold Gradients);
}
