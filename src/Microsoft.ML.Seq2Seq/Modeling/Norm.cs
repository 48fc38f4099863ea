using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Normalisation over the last dimension: layer norm, or root mean square without mean and bias.</summary>
internal sealed class Norm : nn.Module
{
    private const double LayerNormEpsilon = 1e-5;
    private static readonly Scalar _rmsNormEpsilon = 1e-6;

    private readonly long[] _shape;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight; // (D)

    [ComponentName(Name = "bias")]
    private readonly Parameter? _bias; // (D), layer norm only

    public Norm(NormalizationKind kind, long dimension)
        : base(nameof(Norm))
    {
        _shape = [dimension];
        _weight = new Parameter(torch.ones(dimension));
        _bias = kind == NormalizationKind.LayerNorm ? new Parameter(torch.zeros(dimension)) : null;
        RegisterComponents();
    }

    /// <summary>(…, D) → (…, D)</summary>
    public Tensor Forward(Tensor x)
    {
        if (_bias is not null)
            return nn.functional.layer_norm(x, _shape, _weight, _bias, LayerNormEpsilon);
        var meanSquare = x.mul(x).mean([-1], keepdim: true);
        return x.mul(meanSquare.add(_rmsNormEpsilon, Scalars.One).rsqrt()).mul(_weight);
    }
}
