using System.Security.Cryptography;

namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>Takes the SHA-256 of what is read or written through it, so that nobody has to read it twice.</summary>
/// <param name="inner">Owned from here on.</param>
/// <param name="length">Bytes that there are to read.</param>
internal sealed unsafe class DigestStream(Stream inner, long length = 0) : Stream
{
    /// <summary>Bytes that are digested on another thread while the next are read.</summary>
    private const int Chunk = 1 << 20;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _position;

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>Of all that there was to read, to its end, or of what was written.</summary>
    public byte[] Digest()
    {
        if (CanRead)
            CopyTo(Null);
        return _hash.GetHashAndReset();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length <= 2 * Chunk)
            return ReadChunk(buffer);
        fixed (byte* first = buffer)
        {
            int total = 0;
            var digesting = Task.CompletedTask;
            try
            {
                while (total < buffer.Length && inner.Read(buffer.Slice(total, Math.Min(Chunk, buffer.Length - total))) is > 0 and int read)
                {
                    byte* chunk = first + total;
                    digesting.Wait();
                    digesting = Task.Run(() => _hash.AppendData(new ReadOnlySpan<byte>(chunk, read)));
                    total += read;
                }
            }
            finally
            {
                digesting.Wait(); // no longer than the buffer stands still
            }
            _position += total;
            return total;
        }
    }

    private int ReadChunk(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        _hash.AppendData(buffer[..read]);
        _position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        inner.Write(buffer);
        _hash.AppendData(buffer);
        _position += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            _hash.Dispose();
        }
        base.Dispose(disposing);
    }
}
