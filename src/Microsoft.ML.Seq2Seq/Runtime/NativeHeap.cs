using System.Runtime.InteropServices;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>The C library's heap, where libtorch's tensors are.</summary>
internal static unsafe class NativeHeap
{
    private static readonly delegate* unmanaged<nuint, int> _trim = Find();

    /// <summary>Gives free memory back to the operating system. glibc keeps what was freed between blocks in use: after training
    /// on batches of many shapes, most of the process's memory. Does nothing with other C libraries.</summary>
    public static void ReturnFreeMemory()
    {
        if (_trim != null)
            _ = _trim(0);
    }

    private static delegate* unmanaged<nuint, int> Find() =>
        OperatingSystem.IsLinux()
        && NativeLibrary.TryLoad("libc.so.6", out nint library)
        && NativeLibrary.TryGetExport(library, "malloc_trim", out nint function)
            ? (delegate* unmanaged<nuint, int>)function
            : null;
}
