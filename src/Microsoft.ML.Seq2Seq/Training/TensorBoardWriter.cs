using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>
/// Writes TensorBoard's event files: records of a length, its checksum, an Event message of protocol buffers and the
/// message's checksum. Of the messages only what is needed is written, by hand: numbers and texts.
/// </summary>
internal sealed class TensorBoardWriter : IDisposable
{
    private const int Float = 1, String = 7; // DataType of tensor.proto
    private const int Varint = 0, Fixed64 = 1, Bytes = 2; // wire types

    private const string Scalars = "scalars";

    private readonly FileStream _file;

    /// <param name="directory">Made where it is missing; the file gets a name of its own.</param>
    public TensorBoardWriter(string directory)
    {
        Directory.CreateDirectory(directory);
        string name = string.Create(CultureInfo.InvariantCulture,
            $"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds():d10}.{Environment.MachineName}.{Environment.ProcessId}.{Guid.NewGuid():n}");
        _file = new FileStream(Path.Combine(directory, name), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
        Record(Event(0, message => Text(message, 3, "brain.Event:2")));
    }

    public void Scalar(string tag, double value, long step) => Record(Event(step, message => Summary(message, tag, Scalars, tensor =>
    {
        Number(tensor, 1, Float);
        Nested(tensor, 2, _ => { }); // the shape of a scalar
        Nested(tensor, 5, values => values.Write(Little((float)value))); // packed
    })));

    /// <param name="tag">Its name.</param>
    /// <param name="markdown">Shown as such.</param>
    /// <param name="step">Of the run.</param>
    public void Text(string tag, string markdown, long step) => Record(Event(step, message => Summary(message, tag, "text", tensor =>
    {
        Number(tensor, 1, String);
        Nested(tensor, 2, shape => Nested(shape, 2, dimension => Number(dimension, 1, 1)));
        Text(tensor, 8, markdown);
    })));

    public void Flush() => _file.Flush();

    public void Dispose() => _file.Dispose();

    /// <summary>CRC-32C, rotated and shifted as the record format asks for.</summary>
    internal static uint MaskedChecksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }

    private static byte[] Event(long step, Action<MemoryStream> write)
    {
        var message = new MemoryStream();
        Tag(message, 1, Fixed64);
        Span<byte> time = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(time, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0);
        message.Write(time);
        Number(message, 2, step);
        write(message);
        return message.ToArray();
    }

    /// <summary>One value with its plugin.</summary>
    private static void Summary(MemoryStream message, string tag, string plugin, Action<MemoryStream> tensor) =>
        Nested(message, 5, summary => Nested(summary, 1, value =>
        {
            Text(value, 1, tag);
            Nested(value, 9, metadata =>
            {
                Nested(metadata, 1, data => Text(data, 1, plugin));
                Number(metadata, 4, plugin == Scalars ? 1 : 2); // the data's class: scalar, tensor
            });
            Nested(value, 8, tensor);
        }));

    private static void Nested(MemoryStream message, int field, Action<MemoryStream> write)
    {
        var inner = new MemoryStream();
        write(inner);
        Tag(message, field, Bytes);
        Unsigned(message, (ulong)inner.Length);
        inner.WriteTo(message);
    }

    private static void Text(MemoryStream message, int field, string text) =>
        Nested(message, field, inner => inner.Write(Encoding.UTF8.GetBytes(text)));

    private static void Number(MemoryStream message, int field, long value)
    {
        Tag(message, field, Varint);
        Unsigned(message, (ulong)value);
    }

    private static void Tag(MemoryStream message, int field, int wireType) => Unsigned(message, (ulong)((field << 3) | wireType));

    private static void Unsigned(MemoryStream message, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            message.WriteByte((byte)(value | 0x80));
        message.WriteByte((byte)value);
    }

    private static byte[] Little(float value)
    {
        byte[] bytes = new byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return bytes;
    }

    private void Record(byte[] message)
    {
        Span<byte> length = stackalloc byte[sizeof(ulong)], checksum = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteInt64LittleEndian(length, message.Length);
        _file.Write(length);
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, MaskedChecksum(length));
        _file.Write(checksum);
        _file.Write(message);
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, MaskedChecksum(message));
        _file.Write(checksum);
    }
}
