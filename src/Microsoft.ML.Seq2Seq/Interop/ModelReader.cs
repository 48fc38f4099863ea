using System.IO.Compression;
using System.Security.Cryptography;

namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>Reads what <see cref="ModelWriter"/> wrote, in the same order.</summary>
internal sealed class ModelReader
{
    /// <summary>Times that deflating makes bytes fewer at most: a length beyond it is made up.</summary>
    private const long DensestDeflate = 1032;

    private readonly ModelLoadContext _context;

    /// <summary>Checks the format and stands at the component's first value.</summary>
    /// <param name="context">What ML.NET hands to a loader.</param>
    /// <param name="format">Identity and version that the file should have.</param>
    /// <exception cref="FormatException">The part belongs to another kind of component, or to a version that this code can't read.</exception>
    public ModelReader(ModelLoadContext context, ModelFormat format)
    {
        _context = context;
        _context.CheckAtModel(format.ToVersionInfo());
        if (!_context.InRepository)
            throw new FormatException(
                $"A model of kind '{format.LoaderSignature}' is several entries of a zip archive and can't be read from a single stream.");
    }

    /// <summary>The version of the format that the file was written with.</summary>
    public uint Version => _context.Header.ModelVerWritten;

    /// <summary>Reads a number from the binary stream.</summary>
    /// <exception cref="EndOfStreamException">The stream is too short.</exception>
    public int ReadInt32() => _context.Reader.ReadInt32();

    /// <summary>Reads a string, or null, from the binary stream.</summary>
    /// <exception cref="FormatException">The stream refers to a string that the file doesn't have.</exception>
    public string? ReadString() => _context.LoadStringOrNull();

    /// <summary>Reads a string that has to be a column's name.</summary>
    /// <exception cref="InvalidDataException">It is null or empty.</exception>
    public string ReadColumnName() => ReadString() is { Length: > 0 } name
        ? name
        : throw new InvalidDataException("The model file has no name where that of a column is expected.");

    /// <summary>Lets <paramref name="read"/> read an entry and checks that it is what was written.</summary>
    /// <param name="name">The name under which <see cref="ModelWriter.WriteEntry"/> wrote the next entry.</param>
    /// <param name="read">Gets a stream that can't seek but has a length; it is closed by the caller. Whether the content is
    /// damaged shows only at its end: what was made of it is then disposed of.</param>
    /// <exception cref="InvalidDataException">There is no such entry, it isn't what was written, or it makes no sense to
    /// <paramref name="read"/>; the message names it.</exception>
    public T ReadEntry<T>(string name, Func<Stream, T> read)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(read);
        string recorded = _context.LoadNonEmptyString();
        byte[] digest = _context.Reader.ReadBytes(SHA256.HashSizeInBytes);
        if (recorded != name)
            throw new InvalidDataException($"The model file has the entry '{recorded}' where '{name}' is expected.");

        string path = PathInFile(name);
        var entry = ModelArchive.Find(_context.Repository, path)
            ?? throw new InvalidDataException($"The model file lacks the entry '{path}'.");
        using var content = Open(entry);
        T value;
        try
        {
            value = read(content);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or ArgumentException or EndOfStreamException)
        {
            RequireUndamaged(content);
            throw new InvalidDataException($"The entry '{path}' of the model file can't be used: {e.Message}", e);
        }
        try
        {
            RequireUndamaged(content);
        }
        catch
        {
            (value as IDisposable)?.Dispose();
            throw;
        }
        return value;

        void RequireUndamaged(DigestStream stream)
        {
            try
            {
                if (stream.Digest().AsSpan().SequenceEqual(digest))
                    return;
            }
            catch (InvalidDataException e)
            {
                throw new InvalidDataException($"The entry '{path}' of the model file can't be unpacked: {e.Message}", e);
            }
            throw new InvalidDataException($"The entry '{path}' of the model file is damaged: its SHA-256 isn't the one recorded.");
        }
    }

    private static DigestStream Open(ZipArchiveEntry entry)
    {
        try
        {
            return new DigestStream(entry.Open(), Math.Min(entry.Length, DensestDeflate * entry.CompressedLength));
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"The entry '{entry.FullName}' of the model file can't be unpacked: {e.Message}", e);
        }
    }

    private string PathInFile(string name) => Path.Combine(_context.Directory ?? "", name).Replace('\\', '/');
}
