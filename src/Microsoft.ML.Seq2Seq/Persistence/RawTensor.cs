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
