using System.Runtime.InteropServices;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>The C library's heap, where libtorch's tensors are. Does nothing with other libraries than glibc.</summary>
internal static unsafe class NativeHeap
{
    private const int TrimThreshold = -1, TopPad = -2, MappingThreshold = -3; // of mallopt: <malloc.h>

    private static readonly nint _library = Open();
    private static readonly delegate* unmanaged<nuint, int> _trim = (delegate* unmanaged<nuint, int>)Find("malloc_trim");
    private static readonly delegate* unmanaged<int, int, int> _set = (delegate* unmanaged<int, int, int>)Find("mallopt");
    private static readonly Lock _lock = new();
    private static int _keepers;

    /// <summary>Gives free memory back to the operating system. glibc keeps what was freed between blocks in use: after training
    /// on batches of many shapes, most of the process's memory.</summary>
    public static void ReturnFreeMemory()
    {
        if (_trim != null)
            _ = _trim(0);
    }

    /// <summary>
    /// Keeps what is freed until the result is disposed of, and gives it back then. A training step frees all that it
    /// allocated; glibc gives much of that back every time, and the system has to clear every page of the next step's. Blocks
    /// of more than 32 MB still come and go one by one: kept, they would make the peak higher.
    /// </summary>
    public static IDisposable Keep()
    {
        lock (_lock)
        {
            if (_keepers++ == 0)
                // The end of the heap is not given back, nor a part of a thread's heap (64 MB each).
                Set(trimThreshold: int.MaxValue, topPad: 64 << 20);
        }
        return new Keeper();
    }

    private static void Release()
    {
        lock (_lock)
        {
            if (--_keepers > 0)
                return;
            // glibc's own, as large as freed blocks would make them; they follow those no more.
            Set(trimThreshold: 64 << 20, topPad: 128 << 10);
        }
        ReturnFreeMemory();
    }

    private static void Set(int trimThreshold, int topPad)
    {
        if (_set == null)
            return;
        _ = _set(MappingThreshold, 32 << 20);
        _ = _set(TrimThreshold, trimThreshold);
        _ = _set(TopPad, topPad);
    }

    private static nint Open() => OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out nint library) ? library : 0;

    private static nint Find(string name) => _library != 0 && NativeLibrary.TryGetExport(_library, name, out nint function) ? function : 0;

    private sealed class Keeper : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
                Release();
        }
    }
}
