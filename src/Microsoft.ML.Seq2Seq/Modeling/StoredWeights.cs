using System.Collections.Concurrent;
using Microsoft.ML.Seq2Seq.Persistence;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// The weights of a Transformer that keeps them packed and nowhere else. What its <see cref="PackedTransformer"/> asks for is
/// packed then, and remembered; it is unpacked, one matrix at a time, to be written to a file or packed in another precision.
/// </summary>
internal sealed class StoredWeights : IPackedWeights
{
    /// <summary>Ends the name of the tensor that holds the scales of a matrix of integers, one for each of its outputs.</summary>
    public const string ScaleSuffix = ".scale";

    private readonly Dictionary<string, StoredWeight> _weights = new(StringComparer.Ordinal);
    private readonly List<StoredWeight> _inOrder = [];

    private StoredWeights(InferencePrecision precision, IEnumerable<(string Name, long[] Shape)> weights, Func<string, UnpackedWeight> open)
    {
        Precision = precision;
        foreach (var (name, shape) in weights)
        {
            var weight = new StoredWeight(name, shape, precision, () => open(name));
            _weights.Add(name, weight);
            _inOrder.Add(weight);
        }
    }

    /// <summary>Of the matrices; all that is not a matrix is float32.</summary>
    public InferencePrecision Precision { get; }

    /// <summary>Of a trained model, as long as it is there.</summary>
    public static StoredWeights Of(TransformerModel trained, InferencePrecision precision)
    {
        var parameters = trained.named_parameters().ToDictionary(named => named.name, named => (Tensor)named.parameter);
        return new StoredWeights(precision, parameters.Select(named => (named.Key, named.Value.shape)), name =>
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var values = parameters[name].detach().to(ScalarType.Float32).cpu().contiguous();
            var copy = new RawTensor(new TensorEntry(name, ScalarType.Float32, values.shape));
            values.bytes.CopyTo(copy.Bytes);
            return new UnpackedWeight(copy, null);
        });
    }

    /// <summary>Reads a file. What is read is packed meanwhile, and let go of.</summary>
    /// <param name="shapes">What the architecture wants. Nothing is made of it before the file is known to hold it.</param>
    /// <exception cref="InvalidDataException">The content is not what the format or the architecture says.</exception>
    public static StoredWeights Read(Stream stream, IEnumerable<(string Name, long[] Shape)> shapes, InferencePrecision precision)
    {
        var tensors = new ConcurrentDictionary<string, RawTensor>(StringComparer.Ordinal);
        StoredWeights? weights = null;
        var packing = new List<Task>();
        try
        {
            SafeTensors.Read(stream, found =>
            {
                Weights.Require(found, Entries(shapes, precision));
                weights = new StoredWeights(precision, shapes, name => Take(tensors, name));
            }, entry =>
            {
                var tensor = new RawTensor(entry);
                tensors[entry.Name] = tensor;
                stream.ReadExactly(tensor.Bytes);
                string name = entry.Name.EndsWith(ScaleSuffix, StringComparison.Ordinal) ? entry.Name[..^ScaleSuffix.Length] : entry.Name;
                bool isComplete = tensors.ContainsKey(name) && (precision != InferencePrecision.Int8 || tensors.ContainsKey(name + ScaleSuffix));
                if (isComplete && weights!._weights[name].IsTakenWhole)
                    packing.Add(Task.Run(() => weights.Matrix(name, ..)));
            });
        }
        finally
        {
            Task.WaitAll(packing);
        }
        return weights!;
    }

    /// <summary>What a file of weights holds.</summary>
    public static IEnumerable<TensorEntry> Entries(
        IEnumerable<(string Name, long[] Shape)> shapes, InferencePrecision precision)
    {
        foreach (var (name, shape) in shapes)
        {
            bool isMatrix = IsMatrix(name, shape);
            yield return new TensorEntry(name, isMatrix ? TypeOf(precision) : ScalarType.Float32, shape);
            if (isMatrix && precision == InferencePrecision.Int8)
                yield return new TensorEntry(name + ScaleSuffix, ScalarType.Float32, [shape[0]]);
        }
    }

    /// <summary>The same weights in another precision, for a model beside this one's.</summary>
    public StoredWeights In(InferencePrecision precision) =>
        new(precision, _inOrder.Select(weight => (weight.Name, weight.Shape)), name => _weights[name].Unpack());

    /// <summary>What a file of these weights holds.</summary>
    public IReadOnlyList<TensorContent> Contents() => [.. _inOrder.SelectMany(weight => weight.Contents())];

    public bool Has(string name) => _weights.ContainsKey(name);

    public float[] Values(string name) => _weights[name].GetValues();

    public PackedMatrix Matrix(string name, Range rows) => _weights[name].GetMatrix(rows);

    /// <summary>The matrices of <see cref="IPackedWeights"/>: embeddings and the weights of linear layers.</summary>
    internal static bool IsMatrix(string name, long[] shape) =>
        shape.Length == 2 && (name.EndsWith("_embedding", StringComparison.Ordinal) || name.EndsWith("weight", StringComparison.Ordinal));

    /// <summary>Of the elements of a matrix in a file.</summary>
    internal static ScalarType TypeOf(InferencePrecision precision) => precision switch
    {
        InferencePrecision.Int8 => ScalarType.Int8,
        InferencePrecision.BFloat16 => ScalarType.BFloat16,
        _ => ScalarType.Float32,
    };

    private static UnpackedWeight Take(ConcurrentDictionary<string, RawTensor> tensors, string name)
    {
        tensors.Remove(name, out var values);
        if (values!.Entry.Type != ScalarType.Int8)
            return new UnpackedWeight(values, null);
        tensors.Remove(name + ScaleSuffix, out var rawScales);
        using var scales = rawScales!;
        return new UnpackedWeight(values, scales.As<float>().ToArray());
    }
}
