using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.ML.Seq2Seq.Persistence;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// The weights of a Transformer that keeps them packed and nowhere else. What its <see cref="PackedTransformer"/> asks for is
/// packed then, and remembered; it is unpacked, one matrix at a time, to be written to a file or packed in another precision.
/// </summary>
internal sealed unsafe class StoredWeights : IPackedWeights
{
    /// <summary>Ends the name of the tensor that holds the scales of a matrix of integers, one for each of its outputs.</summary>
    public const string ScaleSuffix = ".scale";

    private readonly Dictionary<string, Weight> _weights = new(StringComparer.Ordinal);
    private readonly List<Weight> _inOrder = [];

    private StoredWeights(InferencePrecision precision, IEnumerable<(string Name, long[] Shape)> weights, Func<string, Unpacked> open)
    {
        Precision = precision;
        foreach (var (name, shape) in weights)
        {
            var weight = new Weight(name, shape, precision, () => open(name));
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
            return new Unpacked(copy, null);
        });
    }

    /// <summary>Reads a file. What is read is packed meanwhile, and let go of.</summary>
    /// <param name="shapes">What the architecture wants.</param>
    /// <exception cref="InvalidDataException">The content is not what the format or the architecture says.</exception>
    public static StoredWeights Read(Stream stream, IReadOnlyList<(string Name, long[] Shape)> shapes, InferencePrecision precision)
    {
        var tensors = new ConcurrentDictionary<string, RawTensor>(StringComparer.Ordinal);
        var weights = new StoredWeights(precision, shapes, name => Take(tensors, name));
        var packing = new List<Task>();
        try
        {
            SafeTensors.Read(stream, found => Weights.Require(found, Entries(shapes, precision)), entry =>
            {
                var tensor = new RawTensor(entry);
                tensors[entry.Name] = tensor;
                stream.ReadExactly(tensor.Bytes);
                string name = entry.Name.EndsWith(ScaleSuffix, StringComparison.Ordinal) ? entry.Name[..^ScaleSuffix.Length] : entry.Name;
                bool isComplete = tensors.ContainsKey(name) && (precision != InferencePrecision.Int8 || tensors.ContainsKey(name + ScaleSuffix));
                if (isComplete && weights._weights[name].IsTakenWhole)
                    packing.Add(Task.Run(() => weights.Matrix(name, ..)));
            });
        }
        finally
        {
            Task.WaitAll(packing);
        }
        return weights;
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
    private static bool IsMatrix(string name, long[] shape) =>
        shape.Length == 2 && (name.EndsWith("_embedding", StringComparison.Ordinal) || name.EndsWith("weight", StringComparison.Ordinal));

    private static ScalarType TypeOf(InferencePrecision precision) => precision switch
    {
        InferencePrecision.Int8 => ScalarType.Int8,
        InferencePrecision.BFloat16 => ScalarType.BFloat16,
        _ => ScalarType.Float32,
    };

    private static Unpacked Take(ConcurrentDictionary<string, RawTensor> tensors, string name)
    {
        tensors.Remove(name, out var values);
        if (values!.Entry.Type != ScalarType.Int8)
            return new Unpacked(values, null);
        tensors.Remove(name + ScaleSuffix, out var rawScales);
        using var scales = rawScales!;
        return new Unpacked(values, scales.As<float>().ToArray());
    }

    /// <summary>A weight outside of the layout of a product.</summary>
    /// <param name="Values">Float32, bfloat16 or integers.</param>
    /// <param name="Scales">Of the rows; integers only.</param>
    private sealed record Unpacked(RawTensor Values, float[]? Scales) : IDisposable
    {
        /// <summary>Rows as float32.</summary>
        public void Read(int start, int count, Span<float> rows)
        {
            int width = count == 0 ? 0 : rows.Length / count;
            switch (Values.Entry.Type)
            {
                case ScalarType.Float32:
                    Values.As<float>().Slice(start * width, rows.Length).CopyTo(rows);
                    break;
                case ScalarType.BFloat16:
                    var halves = Values.As<ushort>().Slice(start * width, rows.Length);
                    for (int i = 0; i < rows.Length; i++)
                        rows[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
                    break;
                default:
                    var integers = Values.As<sbyte>().Slice(start * width, rows.Length);
                    for (int i = 0; i < rows.Length; i++)
                        rows[i] = integers[i] * Scales![start + i / width];
                    break;
            }
        }

        public void Dispose() => Values.Dispose();
    }

    /// <summary>A weight: where it comes from, and what it has become.</summary>
    private sealed class Weight(string name, long[] shape, InferencePrecision precision, Func<Unpacked> open)
    {
        private readonly Dictionary<int, Part> _parts = []; // first row → rows
        private Func<Unpacked>? _open = open;
        private Unpacked? _unpacked;
        private float[]? _values;

        public string Name => name;

        /// <summary>Whether it is a matrix that no layer wants in parts.</summary>
        public bool IsTakenWhole => IsMatrix(name, shape) && !name.Contains(".cross_attention.query", StringComparison.Ordinal);

        public long[] Shape => shape;

        private int Rows => (int)shape[0];

        private int Columns => (int)shape[1];

        public float[] GetValues()
        {
            if (_values is null)
            {
                using var unpacked = _open!();
                _open = null;
                _values = unpacked.Values.As<float>().ToArray();
            }
            return _values;
        }

        /// <summary>What the matrix came from is let go of with its last row.</summary>
        public PackedMatrix GetMatrix(Range range)
        {
            var (start, count) = range.GetOffsetAndLength(Rows);
            if (_parts.TryGetValue(start, out var known) && known.Matrix.Outputs == count)
                return known.Matrix;
            if (_open is null)
                throw new InvalidOperationException($"Rows {start} to {start + count} of '{name}' overlap with others.");
            _unpacked ??= _open();
            var part = Pack(_unpacked, start, count);
            _parts.Add(start, part);
            if (_parts.Values.Sum(packed => packed.Matrix.Outputs) == Rows)
            {
                _unpacked.Dispose();
                _unpacked = null;
                _open = null;
            }
            return part.Matrix;
        }

        public IEnumerable<TensorContent> Contents()
        {
            if (_values is not null)
                return [new(new TensorEntry(name, ScalarType.Float32, shape), stream => stream.Write(MemoryMarshal.AsBytes<float>(_values)))];
            TensorContent[] all = [new(new TensorEntry(name, TypeOf(precision), shape), Write)];
            return precision != InferencePrecision.Int8 ? all :
            [
                .. all,
                new(new TensorEntry(name + ScaleSuffix, ScalarType.Float32, [Rows]), stream => stream.Write(MemoryMarshal.AsBytes<float>(Scales()))),
            ];
        }

        /// <summary>What it was before it was packed: to the last bit in the same precision.</summary>
        public Unpacked Unpack()
        {
            var unpacked = new Unpacked(
                new RawTensor(new TensorEntry(name, _values is null ? TypeOf(precision) : ScalarType.Float32, shape)),
                _values is null && precision == InferencePrecision.Int8 ? Scales() : null);
            if (_values is not null)
                _values.CopyTo(unpacked.Values.As<float>());
            else
                ReadRows((row, values) => values.CopyTo(unpacked.Values.Bytes.Slice(row * values.Length, values.Length)));
            return unpacked;
        }

        private void Write(Stream stream) => ReadRows((_, values) => stream.Write(values));

        private float[] Scales() => [.. Ordered().SelectMany(part => part.Scales!)];

        private IEnumerable<Part> Ordered() => _parts.OrderBy(part => part.Key).Select(part => part.Value);

        private Part Pack(Unpacked unpacked, int start, int count)
        {
            int length = count * Columns;
            if (precision == InferencePrecision.Int8)
            {
                if (unpacked.Scales is { } known)
                {
                    float[] kept = known[start..(start + count)];
                    return new Part(PackedMatrix.FromInt8(unpacked.Values.As<sbyte>().Slice(start * Columns, length), kept, count, Columns), kept);
                }
                using var rounded = new RawTensor(new TensorEntry(name, ScalarType.Int8, [count, Columns]));
                var scales = new float[count];
                Int8Matrix.Quantize(Floats(unpacked, start, count, out var held), rounded.As<sbyte>(), scales);
                held?.Dispose();
                return new Part(PackedMatrix.FromInt8(rounded.As<sbyte>(), scales, count, Columns), scales);
            }
            if (precision == InferencePrecision.BFloat16 && unpacked.Values.Entry.Type == ScalarType.BFloat16)
                return new Part(PackedMatrix.FromBFloat16(unpacked.Values.As<ushort>().Slice(start * Columns, length), count, Columns), null);
            var packed = PackedMatrix.Pack(Floats(unpacked, start, count, out var floats), count, Columns, precision);
            floats?.Dispose();
            return new Part(packed, null);
        }

        /// <param name="held">What holds them, if they had to be computed.</param>
        private ReadOnlySpan<float> Floats(Unpacked unpacked, int start, int count, out RawTensor? held)
        {
            held = null;
            if (unpacked.Values.Entry.Type == ScalarType.Float32)
                return unpacked.Values.As<float>().Slice(start * Columns, count * Columns);
            held = new RawTensor(new TensorEntry(name, ScalarType.Float32, [count, Columns]));
            unpacked.Read(start, count, held.As<float>());
            return held.As<float>();
        }

        /// <summary>The bytes of each row as a file has them.</summary>
        private void ReadRows(ReadOnlySpanAction read)
        {
            var row = new float[PackedMatrix.Padded(Columns)];
            var halves = new ushort[Columns];
            var integers = new sbyte[Columns];
            int at = 0;
            fixed (float* first = row)
            {
                foreach (var (matrix, scales) in Ordered())
                {
                    for (int output = 0; output < matrix.Outputs; output++)
                    {
                        matrix.CopyRow(output, first);
                        if (precision == InferencePrecision.BFloat16)
                        {
                            for (int i = 0; i < Columns; i++)
                                halves[i] = (ushort)(BitConverter.SingleToUInt32Bits(row[i]) >> 16);
                            read(at++, MemoryMarshal.AsBytes<ushort>(halves));
                        }
                        else if (precision == InferencePrecision.Int8)
                        {
                            float scale = scales![output];
                            for (int i = 0; i < Columns; i++)
                                integers[i] = scale == 0 ? (sbyte)0 : (sbyte)MathF.Round(row[i] / scale); // so close to it that it is the integer
                            read(at++, MemoryMarshal.AsBytes<sbyte>(integers));
                        }
                        else
                            read(at++, MemoryMarshal.AsBytes(row.AsSpan(0, Columns)));
                    }
                }
            }
        }
    }

    private delegate void ReadOnlySpanAction(int row, ReadOnlySpan<byte> values);

    /// <param name="Scales">Of the rows; integers only.</param>
    private sealed record Part(PackedMatrix Matrix, float[]? Scales);
}
