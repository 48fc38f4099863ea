using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>
/// Entries of a model file's zip, read and written where they stand. ML.NET would take each through a temporary file, and
/// deflate it, which makes weights hardly smaller (float32: 7 %) and takes most of the time of loading them.
/// </summary>
internal static class ModelArchive
{
    /// <summary>Null where there is no such entry.</summary>
    public static ZipArchiveEntry? Find(RepositoryReader repository, string path) =>
        // Zips written on Windows may have the other separator.
        Archive(repository).Entries.FirstOrDefault(entry => entry.FullName.Replace('\\', '/') == path);

    /// <param name="repository">No entry of it is being written directly.</param>
    /// <param name="path">Its name is not taken.</param>
    /// <param name="compress">False stores the content as it is.</param>
    public static ZipArchiveEntry Create(RepositoryWriter repository, string path, bool compress) =>
        Archive(repository).CreateEntry(path, compress ? CompressionLevel.Optimal : CompressionLevel.NoCompression);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_archive")]
    private static extern ref ZipArchive Archive(RepositoryReader repository);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_archive")]
    private static extern ref ZipArchive Archive(RepositoryWriter repository);
}
