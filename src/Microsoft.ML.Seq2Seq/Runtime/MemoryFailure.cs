using System.Runtime.InteropServices;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>Tells an error for want of memory from any other.</summary>
internal static class MemoryFailure
{
    // How libtorch's allocator for the CPU, that for GPUs, and the C++ runtime put it.
    private static readonly string[] _words = ["can't allocate memory", "not enough memory", "out of memory", "bad_alloc"];

    /// <summary>True where memory was wanting; libtorch is then as it was before the operation.</summary>
    public static bool Is(Exception error) => error is OutOfMemoryException
        || error is ExternalException && _words.Any(words => error.Message.Contains(words, StringComparison.OrdinalIgnoreCase));
}
