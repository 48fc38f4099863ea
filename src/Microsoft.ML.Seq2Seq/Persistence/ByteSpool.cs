using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.Seq2Seq.Persistence;

/// <summary>
/// Bytes that are appended and read anywhere. Few stay in memory; more go to a temporary file, which is read through a
/// memory map, so that the operating system keeps in memory what fits and is used. The file has no name on Unix and is
/// deleted on close by Windows itself: it is gone with this object, and with the process, however that ends.
/// </summary>
/// <remarks>Appending is for one thread, reading for many; not both at once.</remarks>
internal sealed class ByteSpool : IDisposable
{
    /// <summary>Bytes kept in memory by default. A hundred thousand sentences never see the disk.</summary>
    public const int DefaultMemoryLimit = 16 << 20;

    private const int ChunkSize = 1 << 20; // written at once

    /// <summary>Reads after which the map is made anew. Pages that were read count as the process's memory as long as they
    /// are mapped, and nobody takes them away while there is free memory: thus they don't add up to the whole file.</summary>
    private const int ReadsOfMap = 1 << 16;

    private readonly string _directory;
    private readonly int _memoryLimit;
    private readonly Lock _mapping = new();
    private byte[] _buffer = []; // all bytes while they are few, later those that are not in the file yet
    private int _buffered;
    private SafeFileHandle? _file;
    private long _written; // to the file
    private Map? _map;

    /// <param name="directory">Folder for the temporary file; nothing is written there before the bytes are many.</param>
    /// <param name="memoryLimit">Bytes kept in memory.</param>
    public ByteSpool(string directory, int memoryLimit = DefaultMemoryLimit)
    {
        _directory = directory;
        _memoryLimit = memoryLimit;
    }

    /// <summary>Number of bytes.</summary>
    public long Length => _written + _buffered;

    /// <exception cref="IOException">The temporary file can't be made or written, as on a full disk.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > (_file is null ? _memoryLimit : ChunkSize) - _buffered)
        {
            Write(_buffer.AsSpan(0, _buffered));
            _buffered = 0;
            if (_buffer.Length != ChunkSize)
                _buffer = new byte[ChunkSize];
            if (bytes.Length > ChunkSize)
            {
                Write(bytes);
                return;
            }
        }
        if (bytes.Length > _buffer.Length - _buffered)
            Array.Resize(ref _buffer, Math.Min(_memoryLimit, Math.Max(2 * _buffer.Length, Math.Max(1024, _buffered + bytes.Length))));
        bytes.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += bytes.Length;
    }

    public void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - destination.Length);
        int inFile = (int)Math.Clamp(_written - offset, 0, destination.Length);
        if (inFile > 0)
            ReadFile(offset, destination[..inFile]);
        if (inFile < destination.Length)
            _buffer.AsSpan((int)(offset + inFile - _written), destination.Length - inFile).CopyTo(destination[inFile..]);
    }

    /// <summary>Adds all bytes to a hash.</summary>
    public void AppendTo(IncrementalHash hash)
    {
        byte[] chunk = new byte[(int)Math.Min(ChunkSize, Length)];
        for (long offset = 0; offset < Length; offset += chunk.Length)
        {
            var part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, Length - offset));
            Read(offset, part);
            hash.AppendData(part);
        }
    }

    public void Dispose()
    {
        _map?.Dispose();
        _file?.Dispose();
        (_map, _file, _written, _buffer, _buffered) = (null, null, 0, [], 0);
    }

    private void ReadFile(long offset, Span<byte> destination)
    {
        lock (_mapping)
        {
            if (_map is null || _map.Length < offset + destination.Length || _map.Reads >= ReadsOfMap)
            {
                _map?.Dispose();
                _map = new Map(_file!, _written);
            }
            _map.Read(offset, destination);
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _file ??= CreateFile();
            RandomAccess.Write(_file, bytes, _written);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"The temporary file for the rows could not be written in '{_directory}' after {_written >> 20} MB; " +
                $"{nameof(MLContext)}.{nameof(MLContext.TempFilePath)} chooses another folder. {e.Message}", e);
        }
        _written += bytes.Length;
    }

    private SafeFileHandle CreateFile()
    {
        string path = Path.Combine(_directory, $"Microsoft.ML.Seq2Seq-{Guid.NewGuid():n}.tmp");
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);
        // .NET deletes on close by itself, which a killed process doesn't come to; an open file needs no name.
        if (!OperatingSystem.IsWindows())
            File.Delete(path);
        return file;
    }

    /// <summary>The file as memory.</summary>
    private sealed class Map : IDisposable
    {
        private readonly MemoryMappedFile _file;
        private readonly MemoryMappedViewAccessor _view;

        public Map(SafeFileHandle file, long length)
        {
            Length = length;
            _file = MemoryMappedFile.CreateFromFile(
                file, mapName: null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        }

        public long Length { get; }

        public int Reads { get; private set; }

        public void Read(long offset, Span<byte> destination)
        {
            _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)offset, destination);
            Reads++;
        }

        public void Dispose()
        {
            _view.Dispose();
            _file.Dispose();
        }
    }
}
