using System.Buffers.Binary;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Persistence;

/// <summary>
/// Reads and writes tensors in the safetensors format: a little-endian length, a JSON header that gives each tensor's
/// type, shape and place, and the raw bytes. It holds data alone, so that a foreign file can do no harm, and every
/// tool of the field reads it.
/// </summary>
internal static class SafeTensors
{
    /// <summary>The format's own limit.</summary>
    private const long LongestHeader = 100_000_000;

    private static readonly Dictionary<ScalarType, string> _types = new()
    {
        [ScalarType.Float32] = "F32",
        [ScalarType.BFloat16] = "BF16",
        [ScalarType.Float16] = "F16",
        [ScalarType.Float64] = "F64",
        [ScalarType.Int64] = "I64",
        [ScalarType.Int32] = "I32",
        [ScalarType.Int8] = "I8",
        [ScalarType.Byte] = "U8",
    };

    /// <summary>Writes tensors in the given order. They may lie on any device.</summary>
    /// <param name="stream">Written from its present position.</param>
    /// <param name="tensors">Names are unique.</param>
    public static void Write(Stream stream, IEnumerable<(string Name, Tensor Tensor)> tensors)
    {
        var entries = tensors.ToArray();
        byte[] header = Header(entries);
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var (_, tensor) in entries)
        {
            using var scope = NewDisposeScope();
            stream.Write(tensor.detach().cpu().contiguous().bytes);
        }
    }

    /// <summary>Reads every tensor, on the CPU; the caller disposes them.</summary>
    /// <exception cref="InvalidDataException">The content is not what the format or its own header says.</exception>
    public static Dictionary<string, Tensor> Read(Stream stream)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            long next = 0;
            foreach (var (name, type, shape, begin, end) in ReadHeader(stream).OrderBy(entry => entry.Begin))
            {
                long bytes = checked(Numel(shape) * ElementSize(type));
                if (begin != next || end - begin != bytes)
                    throw new InvalidDataException(
                        $"Tensor '{name}' lies at bytes {begin} to {end}; expected {next} to {next + bytes}.");
                if (bytes > stream.Length - stream.Position)
                    throw new EndOfStreamException();
                var tensor = torch.empty(shape, type).DetachFromDisposeScope();
                tensors.Add(name, tensor);
                stream.ReadExactly(tensor.bytes);
                next = end;
            }
            if (stream.ReadByte() >= 0)
                throw new InvalidDataException("Bytes follow the last tensor.");
            return tensors;
        }
        catch (Exception e)
        {
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
            if (e is EndOfStreamException or OverflowException)
                throw new InvalidDataException("The tensors are cut short.", e);
            throw;
        }
    }

    private static byte[] Header((string Name, Tensor Tensor)[] entries)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            long begin = 0;
            foreach (var (name, tensor) in entries)
            {
                long end = begin + tensor.numel() * tensor.element_size();
                json.WriteStartObject(name);
                json.WriteString("dtype", _types[tensor.dtype]);
                WriteNumbers(json, "shape", tensor.shape);
                WriteNumbers(json, "data_offsets", [begin, end]);
                json.WriteEndObject();
                begin = end;
            }
            json.WriteEndObject();
        }
        // The data begins at a multiple of eight; the format pads the header with spaces.
        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, long[] numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static List<(string Name, ScalarType Type, long[] Shape, long Begin, long End)> ReadHeader(Stream stream)
    {
        Span<byte> lengthBytes = stackalloc byte[sizeof(long)];
        stream.ReadExactly(lengthBytes);
        long length = BinaryPrimitives.ReadInt64LittleEndian(lengthBytes);
        if (length is < 2 or > LongestHeader || length > stream.Length - stream.Position)
            throw new InvalidDataException($"The header's length is {length}; allowed: 2 to the length of the file.");
        byte[] header = new byte[length];
        stream.ReadExactly(header);
        try
        {
            using var json = JsonDocument.Parse(header);
            return [.. json.RootElement.EnumerateObject()
                .Where(property => property.Name != "__metadata__")
                .Select(property => ReadEntry(property.Name, property.Value))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"The header is not that of safetensors: {e.Message}", e);
        }
    }

    private static (string Name, ScalarType Type, long[] Shape, long Begin, long End) ReadEntry(string name, JsonElement entry)
    {
        string? dtype = entry.GetProperty("dtype").GetString();
        var known = _types.Where(pair => pair.Value == dtype).ToArray();
        if (known is not [var type])
            throw new InvalidDataException($"Tensor '{name}' has type '{dtype}'; allowed: {string.Join(", ", _types.Values)}.");
        long[] shape = [.. entry.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
        if (shape.Any(size => size < 0))
            throw new InvalidDataException($"Tensor '{name}' has shape [{string.Join(", ", shape)}]; a size is negative.");
        var offsets = entry.GetProperty("data_offsets");
        if (offsets.GetArrayLength() != 2)
            throw new InvalidDataException($"Tensor '{name}' has {offsets.GetArrayLength()} offsets; expected 2.");
        return (name, type.Key, shape, offsets[0].GetInt64(), offsets[1].GetInt64());
    }

    private static long ElementSize(ScalarType type) => type switch
    {
        ScalarType.Int8 or ScalarType.Byte => 1,
        ScalarType.BFloat16 or ScalarType.Float16 => 2,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        _ => 8,
    };

    private static long Numel(long[] shape) => shape.Aggregate(1L, (product, size) => checked(product * size));
}
