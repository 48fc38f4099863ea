namespace Microsoft.ML.Seq2Seq.Persistence;

/// <summary>Files that are either complete or not there.</summary>
internal static class AtomicFile
{
    /// <summary>Of the file that is written first; one that lies about is what a killed process left.</summary>
    public const string TemporaryExtension = ".tmp";

    /// <summary>Writes beside the file, flushes to the disk and renames: a crash at any moment leaves the old file or
    /// the new one, and a failure leaves nothing behind. What is written first has a name of its own, so that nobody else's
    /// file is touched; of several writers at a time the last wins.</summary>
    /// <param name="path">Where it is a link, the file that it leads to is written, and the link stays.</param>
    /// <param name="write">Writes the content.</param>
    public static void Write(string path, Action<Stream> write)
    {
        var file = new FileInfo(path);
        string target = file.LinkTarget is null ? file.FullName : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        string temporary = $"{target}.{Path.GetRandomFileName()}{TemporaryExtension}";
        var stream = new FileStream(temporary, FileMode.CreateNew);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>What killed processes left of files whose names match a pattern.</summary>
    public static IEnumerable<string> LeftBehind(string directory, string pattern) =>
        Directory.EnumerateFiles(directory, $"{pattern}.*{TemporaryExtension}");
}
