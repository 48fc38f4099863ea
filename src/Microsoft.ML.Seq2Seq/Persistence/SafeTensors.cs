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

    /// <summary>Elements, of at most eight bytes: a span cannot be longer than 2³¹ bytes.</summary>
    private const long PartLength = 1 << 27;

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
    public static void Write(Stream stream, IEnumerable<(string Name, Tensor Tensor)> tensors) =>
        Write(stream, [.. tensors.Select(named => Content(named.Name, named.Tensor))]);

    /// <summary>A tensor to be written; it may lie on any device.</summary>
    public static TensorContent Content(string name, Tensor tensor) => new(new(name, tensor.dtype, tensor.shape), stream =>
    {
        using var scope = NewDisposeScope();
        foreach (var part in Parts(tensor.detach().cpu().contiguous()))
            stream.Write(part.bytes);
    });

    /// <summary>Writes tensors one after the other: each is asked for its content when its turn has come.</summary>
    /// <inheritdoc cref="Write(Stream, IEnumerable{ValueTuple{string, Tensor}})"/>
    public static void Write(Stream stream, IReadOnlyList<TensorContent> tensors)
    {
        byte[] header = Header(tensors.Select(tensor => tensor.Entry));
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var tensor in tensors)
            tensor.Write(stream);
    }

    /// <summary>Reads every tensor, on the CPU; the caller disposes them.</summary>
    /// <exception cref="InvalidDataException">The content is not what the format or its own header says.</exception>
    public static Dictionary<string, Tensor> Read(Stream stream)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            Read(stream, _ => { }, entry =>
            {
                var tensor = torch.empty(entry.Shape, entry.Type).DetachFromDisposeScope();
                tensors.Add(entry.Name, tensor);
                ReadContent(stream, tensor);
            });
            return tensors;
        }
        catch
        {
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
            throw;
        }
    }

    /// <summary>Fills a tensor, which is contiguous and on the CPU.</summary>
    public static void ReadContent(Stream stream, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        foreach (var part in Parts(tensor.detach()))
            stream.ReadExactly(part.bytes);
    }

    /// <summary>Reads tensors one after the other.</summary>
    /// <param name="stream">Has a length; need not seek.</param>
    /// <param name="check">Told of all tensors, which the stream is long enough for, before any of them is read.</param>
    /// <param name="read">Told of each tensor when the stream stands before its content, which it has to read whole.</param>
    /// <exception cref="InvalidDataException">The content is not what the format or its own header says.</exception>
    public static void Read(Stream stream, Action<IReadOnlyList<TensorEntry>> check, Action<TensorEntry> read)
    {
        try
        {
            var entries = ReadHeader(stream);
            if (entries.Sum(entry => entry.Bytes) > stream.Length - stream.Position)
                throw new EndOfStreamException();
            check(entries);
            foreach (var entry in entries)
                read(entry);
            if (stream.ReadByte() >= 0)
                throw new InvalidDataException("Bytes follow the last tensor.");
        }
        catch (Exception e) when (e is EndOfStreamException or OverflowException)
        {
            throw new InvalidDataException("The tensors are cut short.", e);
        }
    }

    /// <summary>A contiguous tensor piece by piece.</summary>
    private static IEnumerable<Tensor> Parts(Tensor tensor)
    {
        var flat = tensor.view(-1);
        for (long start = 0; start < flat.numel(); start += PartLength)
            yield return flat.narrow(0, start, Math.Min(PartLength, flat.numel() - start));
    }

    private static byte[] Header(IEnumerable<TensorEntry> entries)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            long begin = 0;
            foreach (var entry in entries)
            {
                long end = begin + entry.Bytes;
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", _types[entry.Type]);
                WriteNumbers(json, "shape", entry.Shape);
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

    /// <summary>Tensors in the order of their content, which they fill without a gap.</summary>
    private static List<TensorEntry> ReadHeader(Stream stream)
    {
        Span<byte> lengthBytes = stackalloc byte[sizeof(long)];
        stream.ReadExactly(lengthBytes);
        long length = BinaryPrimitives.ReadInt64LittleEndian(lengthBytes);
        if (length is < 2 or > LongestHeader || length > stream.Length - stream.Position)
            throw new InvalidDataException($"The header's length is {length}; allowed: 2 to the length of the file.");
        byte[] header = new byte[length];
        stream.ReadExactly(header);
        var entries = new List<TensorEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        long next = 0;
        foreach (var (entry, begin, end) in Parse(header).OrderBy(parsed => parsed.Begin))
        {
            long bytes = entry.Bytes;
            if (begin != next || end - begin != bytes)
                throw new InvalidDataException(
                    $"Tensor '{entry.Name}' lies at bytes {begin} to {end}; expected {next} to {next + bytes}.");
            if (!names.Add(entry.Name))
                throw new InvalidDataException($"The header has the tensor '{entry.Name}' twice.");
            entries.Add(entry);
            next = end;
        }
        return entries;
    }

    private static List<(TensorEntry Entry, long Begin, long End)> Parse(byte[] header)
    {
        try
        {
            using var json = JsonDocument.Parse(header);
            return [.. json.RootElement.EnumerateObject()
                .Where(property => property.Name != "__metadata__")
                .Select(property => ParseEntry(property.Name, property.Value))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"The header is not that of safetensors: {e.Message}", e);
        }
    }

    private static (TensorEntry Entry, long Begin, long End) ParseEntry(string name, JsonElement entry)
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
        return (new TensorEntry(name, type.Key, shape), offsets[0].GetInt64(), offsets[1].GetInt64());
    }
}

/// <summary>What the header of a file says of a tensor.</summary>
internal sealed record TensorEntry(string Name, ScalarType Type, long[] Shape)
{
    /// <summary>Size of the content.</summary>
    /// <exception cref="OverflowException">It is more than a number holds.</exception>
    public long Bytes => checked(Shape.Aggregate(1L, (product, size) => checked(product * size)) * ElementSize);

    private long ElementSize => Type switch
    {
        ScalarType.Int8 or ScalarType.Byte => 1,
        ScalarType.BFloat16 or ScalarType.Float16 => 2,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        _ => 8,
    };
}

/// <summary>A tensor to be written.</summary>
/// <param name="Entry">Its place in the header.</param>
/// <param name="Write">Writes as many bytes as <see cref="TensorEntry.Bytes"/>.</param>
internal sealed record TensorContent(TensorEntry Entry, Action<Stream> Write);
