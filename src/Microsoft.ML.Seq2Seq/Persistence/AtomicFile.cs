namespace Microsoft.ML.Seq2Seq.Persistence;

/// <summary>Files that are either complete or not there.</summary>
internal static class AtomicFile
{
    /// <summary>Of the file that is written first; one that lies about is what a killed process left.</summary>
    public const string TemporaryExtension = ".tmp";

    /// <summary>Writes beside the file, flushes to the disk and renames: a crash at any moment leaves the old file or
    /// the new one, and a failure leaves nothing behind.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        string temporary = path + TemporaryExtension;
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
