using System.Runtime.InteropServices;

namespace Microsoft.ML.Seq2Seq.Persistence;

/// <summary>A tensor's content, in memory that goes back to the system at once: weights on their way to where they stay.</summary>
internal sealed unsafe class RawTensor : IDisposable
{
    private void* _first;

    /// <summary>Holds anything.</summary>
    /// <exception cref="OverflowException">It is larger than a span can be.</exception>
    public RawTensor(TensorEntry entry)
    {
        Entry = entry;
        Length = checked((int)entry.Bytes);
        _first = NativeMemory.Alloc((nuint)Math.Max(1, Length));
    }

    ~RawTensor() => NativeMemory.Free(_first);

    public TensorEntry Entry { get; }

    /// <summary>In bytes.</summary>
    public int Length { get; }

    public Span<byte> Bytes => new(_first, _first is null ? 0 : Length);

    public Span<T> As<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes);

    public void Dispose()
    {
        NativeMemory.Free(_first);
        _first = null;
        GC.SuppressFinalize(this);
    }
}

/// <summary>Tensors by name.</summary>
internal sealed class RawTensors : IDisposable
{
    private readonly Dictionary<string, RawTensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>Reads every tensor.</summary>
    /// <param name="stream">In the format of <see cref="SafeTensors"/>.</param>
    /// <param name="check">Told of all tensors before any of them is read.</param>
    /// <exception cref="InvalidDataException">The content is not what the format or its own header says.</exception>
    public static RawTensors Read(Stream stream, Action<IReadOnlyList<TensorEntry>> check)
    {
        var tensors = new RawTensors();
        try
        {
            SafeTensors.Read(stream, check, entry =>
            {
                var tensor = new RawTensor(entry);
                tensors._tensors.Add(entry.Name, tensor);
                stream.ReadExactly(tensor.Bytes);
            });
            return tensors;
        }
        catch
        {
            tensors.Dispose();
            throw;
        }
    }

    /// <summary>Hands a tensor over to the caller.</summary>
    public RawTensor Take(string name) =>
        _tensors.Remove(name, out var tensor) ? tensor : throw new InvalidDataException($"Tensor '{name}' is missing.");

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
            tensor.Dispose();
        _tensors.Clear();
    }
}
