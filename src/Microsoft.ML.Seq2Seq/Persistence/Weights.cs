using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Persistence;

/// <summary>A module's trained weights as safetensors, by parameter name; tied weights stand once.</summary>
internal static class Weights
{
    public static void Write(Stream stream, nn.Module module) => SafeTensors.Write(stream,
        module.named_parameters().Select(named => (named.name, (Tensor)named.parameter)));

    /// <summary>Fills a module's parameters.</summary>
    /// <exception cref="InvalidDataException">Names or shapes are not the module's.</exception>
    public static void Read(Stream stream, nn.Module module)
    {
        var tensors = SafeTensors.Read(stream);
        try
        {
            var parameters = module.named_parameters().ToDictionary(named => named.name, named => named.parameter);
            foreach (string name in parameters.Keys.Except(tensors.Keys))
                throw new InvalidDataException($"Tensor '{name}' is missing.");
            foreach (string name in tensors.Keys.Except(parameters.Keys))
                throw new InvalidDataException($"Tensor '{name}' is not part of this architecture.");
            using var noGrad = torch.no_grad();
            foreach (var (name, parameter) in parameters)
            {
                if (!tensors[name].shape.SequenceEqual(parameter.shape))
                    throw new InvalidDataException(
                        $"Tensor '{name}' has shape [{string.Join(", ", tensors[name].shape)}]; " +
                        $"the architecture has [{string.Join(", ", parameter.shape)}].");
                parameter.copy_(tensors[name]);
            }
        }
        finally
        {
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
        }
    }
}
