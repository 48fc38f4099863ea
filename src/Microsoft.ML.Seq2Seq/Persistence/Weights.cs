using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Persistence;

/// <summary>A module's trained weights as safetensors, by parameter name; tied weights stand once.</summary>
internal static class Weights
{
    public static IReadOnlyList<TensorContent> Contents(nn.Module module) =>
        [.. module.named_parameters().Select(named => SafeTensors.Content(named.name, named.parameter))];

    /// <summary>Makes a module and fills its parameters, once the file is known to hold them.</summary>
    /// <param name="shapes">Those of the parameters.</param>
    /// <param name="create">Makes it on the CPU, in float32.</param>
    /// <exception cref="InvalidDataException">Names, shapes or types are not the module's.</exception>
    public static T Read<T>(Stream stream, IEnumerable<(string Name, long[] Shape)> shapes, Func<T> create)
        where T : nn.Module
    {
        T? module = null;
        Dictionary<string, Tensor> parameters = [];
        try
        {
            SafeTensors.Read(stream, found =>
            {
                Require(found, shapes.Select(weight => new TensorEntry(weight.Name, ScalarType.Float32, weight.Shape)));
                module = create();
                parameters = module.named_parameters().ToDictionary(named => named.name, named => (Tensor)named.parameter);
            }, entry => SafeTensors.ReadContent(stream, parameters[entry.Name]));
            return module!;
        }
        catch
        {
            module?.Dispose();
            throw;
        }
    }

    /// <summary>Checks that a file holds the weights of an architecture and nothing else.</summary>
    /// <param name="found">What the file holds.</param>
    /// <param name="wanted">No more of it is looked at than the file justifies.</param>
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
