namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>Writes one component's part of a model file: a short binary stream, and entries in the component's own folder of the zip.</summary>
/// <remarks>Used within <see cref="ICanSaveModel.Save"/>; <see cref="ModelReader"/> has to read everything in the same order.</remarks>
internal sealed class ModelWriter
{
    private readonly ModelSaveContext _context;

    /// <summary>Records the format in the file and stands at the component's first value.</summary>
    /// <param name="context">What ML.NET hands to <see cref="ICanSaveModel.Save"/>.</param>
    /// <param name="format">Identity and version.</param>
    /// <exception cref="InvalidOperationException">The model is being written to a single stream, which has no entries.</exception>
    public ModelWriter(ModelSaveContext context, ModelFormat format)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!context.InRepository)
            throw new InvalidOperationException(
                $"A model of kind '{format.LoaderSignature}' is several entries of a zip archive and can't be written to a single stream. " +
                "Save it with mlContext.Model.Save, alone or in a chain.");
        _context = context;
        _context.CheckAtModel();
        _context.SetVersionInfo(format.ToVersionInfo());
    }

    /// <summary>Writes a number to the binary stream.</summary>
    public void WriteInt32(int value) => _context.Writer.Write(value);

    /// <summary>Writes a string, or null, to the binary stream.</summary>
    public void WriteString(string? value) => _context.SaveStringOrNull(value);

    /// <summary>
    /// Creates an entry in the component's folder, lets <paramref name="write"/> fill it, and notes name and digest in the
    /// binary stream: .NET checks no checksum when it unpacks a zip, and a flipped bit in a weight would go unnoticed.
    /// </summary>
    /// <param name="name">The entry's name, unique within the component.</param>
    /// <param name="write">Gets a stream that can't seek; it is closed by the caller.</param>
    /// <param name="compress">False stores the content as it is: for what gets hardly smaller.</param>
    public void WriteEntry(string name, Action<Stream> write, bool compress = true)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(write);
        string path = Path.Combine(_context.Directory ?? "", name).Replace('\\', '/');
        using var content = new DigestStream(ModelArchive.Create(_context.Repository, path, compress).Open());
        write(content);

        // *** Binary format of an entry's record ***
        // int: id of the name in the string table
        // byte[32]: SHA-256 of the content
        _context.SaveNonEmptyString(name);
        _context.Writer.Write(content.Digest());
    }
}
