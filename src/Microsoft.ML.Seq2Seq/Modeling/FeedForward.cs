using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Position-wise feed-forward network: activation(xW₁ + b₁)W₂ + b₂ (section 3.3), or its gated form
/// (Shazeer 2020), where W₁ holds the gate and the value side by side.</summary>
internal sealed class FeedForward : nn.Module
{
    private readonly ActivationKind _activation;
    private readonly double _dropout;

    [ComponentName(Name = "input")]
    private readonly Linear _input;

    [ComponentName(Name = "output")]
    private readonly Linear _output;

    public FeedForward(Generator generator, TransformerArchitecture architecture)
        : base(nameof(FeedForward))
    {
        _activation = architecture.Activation;
        _dropout = architecture.ActivationDropout;
        long model = architecture.ModelDimension, inner = architecture.FeedForwardDimension;
        _input = IsGated ? new Linear(generator, model, inner, inner) : new Linear(generator, model, inner);
        _output = new Linear(generator, inner, model);
        RegisterComponents();
    }

    private bool IsGated => _activation is ActivationKind.GeGlu or ActivationKind.SwiGlu;

    /// <summary>(…, D) → (…, F) → (…, D)</summary>
    public Tensor Forward(Tensor x, TrainingPass? training)
    {
        var inner = _input.Forward(x, training);
        if (training is null)
            inner = Activate(inner);
        else
            inner = _activation == ActivationKind.Relu ? training.Dropout.Relu(inner, _dropout) : training.Dropout.Apply(Activate(inner), _dropout);
        return _output.Forward(inner, training);
    }

    private Tensor Activate(Tensor x)
    {
        switch (_activation)
        {
            case ActivationKind.Gelu:
                return nn.functional.gelu(x);
            case ActivationKind.Silu:
                return nn.functional.silu(x);
            case ActivationKind.GeGlu or ActivationKind.SwiGlu:
                var halves = x.chunk(2, -1); // (…, 2F) → gate, value: (…, F)
                var gate = _activation == ActivationKind.GeGlu ? nn.functional.gelu(halves[0]) : nn.functional.silu(halves[0]);
                return gate.mul(halves[1]);
            default:
                // In place: the linear layer's own backward pass does not need its output.
                return x.relu_();
        }
    }
}
