using System.Runtime.InteropServices;
using Microsoft.ML.Seq2Seq.Persistence;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>One weight of <see cref="StoredWeights"/>: where it comes from, and what it has become.</summary>
internal sealed unsafe class StoredWeight(string name, long[] shape, InferencePrecision precision, Func<UnpackedWeight> open)
{
    private readonly Dictionary<int, Part> _parts = []; // first row → rows
    private Func<UnpackedWeight>? _open = open;
    private UnpackedWeight? _unpacked;
    private float[]? _values;

    public string Name => name;

    /// <summary>Whether it is a matrix that no layer wants in parts.</summary>
    public bool IsTakenWhole => StoredWeights.IsMatrix(name, shape) && !name.Contains(".cross_attention.query", StringComparison.Ordinal);

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
        TensorContent[] all = [new(new TensorEntry(name, StoredWeights.TypeOf(precision), shape), Write)];
        return precision != InferencePrecision.Int8 ? all :
        [
            .. all,
            new(new TensorEntry(name + StoredWeights.ScaleSuffix, ScalarType.Float32, [Rows]), stream => stream.Write(MemoryMarshal.AsBytes<float>(Scales()))),
        ];
    }

    /// <summary>What it was before it was packed: to the last bit in the same precision.</summary>
    public UnpackedWeight Unpack()
    {
        var unpacked = new UnpackedWeight(
            new RawTensor(new TensorEntry(name, _values is null ? StoredWeights.TypeOf(precision) : ScalarType.Float32, shape)),
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

    private Part Pack(UnpackedWeight unpacked, int start, int count)
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
    private ReadOnlySpan<float> Floats(UnpackedWeight unpacked, int start, int count, out RawTensor? held)
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

    private delegate void ReadOnlySpanAction(int row, ReadOnlySpan<byte> values);

    /// <param name="Scales">Of the rows; integers only.</param>
    private sealed record Part(PackedMatrix Matrix, float[]? Scales);
}
