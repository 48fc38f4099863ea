using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>y = xWᵀ + b over the last dimension.</summary>
internal sealed class Linear : nn.Module
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight; // (out, in)

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias; // (out)

    /// <param name="blocks">The matrix is this many independent ones side by side (such as query, key and value):
    /// each is initialised by its own size.</param>
    public Linear(Generator generator, long input, params ReadOnlySpan<long> blocks)
        : base(nameof(Linear))
    {
        var weights = new List<Tensor>();
        long output = 0;
        foreach (long rows in blocks)
        {
            weights.Add(Initialization.XavierUniform(generator, rows, input));
            output += rows;
        }
        _weight = new Parameter(torch.cat(weights));
        weights.ForEach(block => block.Dispose());
        _bias = new Parameter(torch.zeros(output));
        RegisterComponents();
    }

    /// <summary>(…, in) → (…, out)</summary>
    /// <param name="x">The input.</param>
    /// <param name="training">Its precision is that of the output; null: float32.</param>
    public Tensor Forward(Tensor x, TrainingPass? training) => Forward(x, _weight, _bias, 0, training);

    /// <summary>(…, in) → (…, rows): the output's rows [start, start + rows) alone.</summary>
    public Tensor Forward(Tensor x, long start, long rows, TrainingPass? training) =>
        Forward(x, _weight.narrow(0, start, rows), _bias.narrow(0, start, rows), start, training);

    private Tensor Forward(Tensor x, Tensor weight, Tensor bias, long start, TrainingPass? training)
    {
        var type = training?.Precision ?? ScalarType.Float32;
        bool isReduced = type != ScalarType.Float32;
        if (isReduced)
            x = x.to(type);
        // The weights stay in float32, and so do their gradients: what a pass multiplies is a copy.
        if (training is null || x.device_type != DeviceType.CPU || (isReduced && !training.HasRounded))
            return isReduced ? nn.functional.linear(x, weight.to(type), bias.to(type)) : nn.functional.linear(x, weight, bias);
        long rows = weight.shape[0];
        return LinearFunction.Apply(x, new LinearFunction.Layer(
            isReduced ? training.Rounded(weight) : weight.detach(), isReduced ? training.Rounded(bias) : bias.detach(),
            Gradient(_weight).narrow(0, start, rows), Gradient(_bias).narrow(0, start, rows), training.Gradients));
    }

    private static Tensor Gradient(Parameter parameter) => parameter.grad ??= torch.zeros_like(parameter, requires_grad: false);
}
