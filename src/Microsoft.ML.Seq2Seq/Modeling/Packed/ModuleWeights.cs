using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>The weights of a trained model, packed as they are asked for.</summary>
internal sealed class ModuleWeights(nn.Module module, InferencePrecision precision) : IPackedWeights
{
    private readonly Dictionary<string, Tensor> _weights =
        module.named_parameters().ToDictionary(named => named.name, named => (Tensor)named.parameter);

    public bool Has(string name) => _weights.ContainsKey(name);

    public float[] Values(string name)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return _weights[name].detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    public PackedMatrix Matrix(string name, Range rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var weight = _weights[name];
        var (start, count) = rows.GetOffsetAndLength((int)weight.shape[0]);
        var values = weight.detach().narrow(0, start, count).to(ScalarType.Float32).cpu().contiguous();
        return PackedMatrix.Pack(MemoryMarshal.Cast<byte, float>(values.bytes), count, (int)weight.shape[1], precision);
    }
}
