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
    public Tensor Forward(Tensor x) => nn.functional.linear(x, _weight, _bias);

    /// <summary>(…, in) → (…, rows): the output's rows [start, start + rows) alone.</summary>
    public Tensor Forward(Tensor x, long start, long rows) =>
        nn.functional.linear(x, _weight.narrow(0, start, rows), _bias.narrow(0, start, rows));
}
