using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>
/// All weights of a model end to end in one tensor, and their gradients in another; the model's own parameters become
/// views. An update, a norm or a snapshot is then one operation, whatever the number of layers.
/// </summary>
internal sealed class FlatParameters : IDisposable
{
    public FlatParameters(nn.Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        var parameters = model.named_parameters().Select(named => named.parameter).ToArray();
        long count = parameters.Sum(parameter => parameter.numel());
        var device = parameters[0].device;
        Values = torch.empty(count, ScalarType.Float32, device).DetachFromDisposeScope();
        Gradients = torch.zeros(count, ScalarType.Float32, device).DetachFromDisposeScope();
        long start = 0;
        foreach (var parameter in parameters)
        {
            long length = parameter.numel();
            var values = Values.narrow(0, start, length).view(parameter.shape);
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

    /// <summary>The model's parameters stay: they share the storage.</summary>
    public void Dispose()
    {
        Values.Dispose();
        Gradients.Dispose();
    }
}
