using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Persistence;

/// <summary>A module's trained weights as safetensors, by parameter name; tied weights stand once.</summary>
internal static class Weights
{
    public static IReadOnlyList<TensorContent> Contents(nn.Module module) =>
        [.. module.named_parameters().Select(named => SafeTensors.Content(named.name, named.parameter))];

    /// <summary>Fills a module's parameters, which are float32 and on the CPU.</summary>
    /// <exception cref="InvalidDataException">Names, shapes or types are not the module's.</exception>
    public static void Read(Stream stream, nn.Module module)
    {
        var parameters = module.named_parameters().ToDictionary(named => named.name, named => (Tensor)named.parameter);
        SafeTensors.Read(stream,
            found => Require(found, parameters.Select(named => new TensorEntry(named.Key, named.Value.dtype, named.Value.shape))),
            entry => SafeTensors.ReadContent(stream, parameters[entry.Name]));
    }

    /// <summary>Checks that a file holds the weights of an architecture and nothing else.</summary>
    /// <exception cref="InvalidDataException">It does not; the message names a tensor.</exception>
    public static void Require(IReadOnlyList<TensorEntry> found, IEnumerable<TensorEntry> wanted)
    {
        var byName = found.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        foreach (var entry in wanted)
        {
            if (!byName.Remove(entry.Name, out var there))
                throw new InvalidDataException($"Tensor '{entry.Name}' is missing.");
            if (!there.Shape.SequenceEqual(entry.Shape))
                throw new InvalidDataException($"Tensor '{entry.Name}' has shape [{string.Join(", ", there.Shape)}]; " +
                    $"the architecture has [{string.Join(", ", entry.Shape)}].");
            if (there.Type != entry.Type)
                throw new InvalidDataException($"Tensor '{entry.Name}' is {there.Type}; expected {entry.Type}.");
        }
        if (byName.Keys.FirstOrDefault() is { } name)
            throw new InvalidDataException($"Tensor '{name}' is not part of this architecture.");
    }
}
