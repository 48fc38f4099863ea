using System.Buffers;
using System.Text;

namespace Samples.Commands;

/// <summary>
/// Lines of UTF-8. A line ends at a line feed, with a carriage return before it or without, and at nothing else: .NET's own
/// readers end one at a carriage return alone, too, and so find more lines than whoever wrote them.
/// </summary>
internal static class TextLines
{
    private const int BufferSize = 1 << 16;

    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Each line as soon as it is there. A byte order mark at the beginning is no text.</summary>
    /// <param name="input">Read to its end, and left open.</param>
    /// <param name="name">What to call it in a complaint.</param>
    /// <exception cref="InvalidDataException">A line isn't UTF-8; the message says which.</exception>
    public static IEnumerable<string> Read(Stream input, string name)
    {
        byte[] buffer = new byte[BufferSize];
        ArrayBufferWriter<byte> line = new();
        int number = 1;
        while (input.Read(buffer) is > 0 and var count)
        {
            int start = 0;
            while (Array.IndexOf(buffer, (byte)'\n', start, count - start) is >= 0 and var end)
            {
                line.Write(buffer.AsSpan(start..end));
                yield return Text(line.WrittenSpan, name, number++);
                line.ResetWrittenCount();
                start = end + 1;
            }
            line.Write(buffer.AsSpan(start..count));
        }
        if (line.WrittenCount > 0)
            yield return Text(line.WrittenSpan, name, number);
    }

    private static string Text(ReadOnlySpan<byte> line, string name, int number)
    {
        if (number == 1 && line.StartsWith(Encoding.UTF8.Preamble))
            line = line[Encoding.UTF8.Preamble.Length..];
        if (line is [.., (byte)'\r'])
            line = line[..^1];
        try
        {
            return _utf8.GetString(line);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException($"{name}, line {number}: not UTF-8 text.");
        }
    }
}
