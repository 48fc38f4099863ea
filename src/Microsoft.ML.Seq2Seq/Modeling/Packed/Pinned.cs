using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Managed memory that never moves and begins where a vector register's worth of memory does. Whoever uses the
/// pointer keeps the object.</summary>
internal sealed unsafe class Pinned<T>
    where T : unmanaged
{
    private const int Alignment = 64; // bytes

    private readonly T[] _array; // keeps the memory

    /// <param name="length">Elements.</param>
    /// <param name="clear">Whether they begin as zeros, or as anything.</param>
    public Pinned(int length, bool clear = true)
    {
        int room = checked(length + Alignment / sizeof(T));
        _array = clear ? GC.AllocateArray<T>(room, pinned: true) : GC.AllocateUninitializedArray<T>(room, pinned: true);
        nint address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_array));
        First = (T*)((address + Alignment - 1) & -Alignment);
        Length = length;
    }

    public T* First { get; }

    public int Length { get; }

    public Span<T> Span => new(First, Length);

    public static Pinned<T> Copy(ReadOnlySpan<T> values, int length)
    {
        var copy = new Pinned<T>(length);
        values.CopyTo(copy.Span);
        return copy;
    }
}
