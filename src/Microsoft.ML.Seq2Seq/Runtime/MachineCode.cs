using System.IO.MemoryMappedFiles;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>Functions that are made at run time, and stay as long as the process.</summary>
internal static unsafe class MachineCode
{
    /// <summary>Puts a function where the processor may execute it. No page can be written to and executed at the same
    /// address: it is written through one view of the memory and called through another.</summary>
    /// <param name="code">It doesn't depend on where it stands.</param>
    /// <returns>Its address; 0 where the system has no such memory to give.</returns>
    public static nint Load(ReadOnlySpan<byte> code)
    {
        try
        {
            using var memory = MemoryMappedFile.CreateNew(null, code.Length, MemoryMappedFileAccess.ReadWriteExecute);
            using (var written = memory.CreateViewAccessor(0, code.Length))
            {
                byte* start = null;
                written.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
                code.CopyTo(new Span<byte>(start, code.Length));
                written.SafeMemoryMappedViewHandle.ReleasePointer();
            }
            var executed = memory.CreateViewAccessor(0, code.Length, MemoryMappedFileAccess.ReadExecute);
            byte* address = null; // never released, so that the memory stays
            executed.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
            return (nint)address;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return 0;
        }
    }
}
