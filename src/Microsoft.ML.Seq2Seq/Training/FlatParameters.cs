using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Neighbouring elements of <see cref="FlatParameters"/>: of matrices, or of biases, gains and positions.</summary>
internal readonly record struct FlatRange(long Start, long Length, bool IsMatrix);

/// <summary>
/// All weights of a model end to end in one tensor, and their gradients in another; the model's own parameters become
/// views. An update, a norm or a snapshot is then one operation, whatever the number of layers.
/// </summary>
internal sealed class FlatParameters : IDisposable
{
    private readonly Parameter[] _parameters;
    private readonly List<FlatRange> _ranges = [];

    public FlatParameters(nn.Module model)
        : this(model, null)
    {
    }

    /// <param name="shared">The weights of a model of the same shape: this one's become the same. Null keeps its own.</param>
    private FlatParameters(nn.Module model, Tensor? shared)
    {
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        var named = model.named_parameters().ToArray();
        _parameters = [.. named.Select(parameter => parameter.parameter)];
        long count = _parameters.Sum(parameter => parameter.numel());
        var device = _parameters[0].device;
        Values = (shared?.alias() ?? torch.empty(count, ScalarType.Float32, device)).DetachFromDisposeScope();
        Gradients = torch.zeros(count, ScalarType.Float32, device).DetachFromDisposeScope();
        long start = 0;
        foreach (var (name, parameter) in named)
        {
            long length = parameter.numel();
            AddRange(start, length, IsMatrix(name, parameter));
            var values = Values.narrow(0, start, length).view(parameter.shape);
            if (shared is null)
                values.copy_(parameter);
            parameter.set_(values);
            parameter.grad = Gradients.narrow(0, start, length).view(parameter.shape);
            start += length;
        }
    }

    /// <summary>(N) the weights.</summary>
    public Tensor Values { get; }

    /// <summary>(N) their gradients; a backward pass adds to them.</summary>
    public Tensor Gradients { get; }

    /// <summary>All elements in order; neighbours of a kind are one range.</summary>
    public IReadOnlyList<FlatRange> Ranges => _ranges;

    /// <summary>Binds a replica to these weights; its gradients are its own.</summary>
    public FlatParameters Share(nn.Module replica) => new(replica, Values);

    /// <summary>Takes the gradients of a replica over, on a CPU: they are zero afterwards.</summary>
    public void TakeGradients(FlatParameters replica)
    {
        GradientSums.Take(Gradients, replica.Gradients);
    }

    public void ClearGradients()
    {
        using var scope = NewDisposeScope();
        Gradients.zero_();
    }

    /// <summary>The norm of all gradients together; scales them down to the limit where there is one.</summary>
    /// <param name="limit">0: none.</param>
    public double ClipGradients(double limit)
    {
        using var scope = NewDisposeScope();
        double norm = Gradients.device_type == DeviceType.CPU ? GradientSums.Norm(Gradients) : Gradients.norm().item<float>();
        if (limit > 0 && norm > limit && double.IsFinite(norm))
        {
            using Scalar factor = limit / norm;
            Gradients.mul_(factor);
        }
        return norm;
    }

    /// <summary>The model keeps its weights, which share the storage, and loses its gradients.</summary>
    public void Dispose()
    {
        foreach (var parameter in _parameters)
            parameter.grad = null;
        Values.Dispose();
        Gradients.Dispose();
    }

    /// <summary>Biases of attention and learned positions have two dimensions, too, but multiply nothing.</summary>
    private static bool IsMatrix(string name, Tensor parameter) =>
        parameter.dim() > 1 && !name.EndsWith("bias", StringComparison.Ordinal) && !name.EndsWith("table", StringComparison.Ordinal);

    private void AddRange(long start, long length, bool isMatrix)
    {
        if (_ranges.Count > 0 && _ranges[^1] is var last && last.IsMatrix == isMatrix)
            _ranges[^1] = last with { Length = last.Length + length };
        else
            _ranges.Add(new FlatRange(start, length, isMatrix));
    }
}
