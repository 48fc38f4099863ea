using System.Buffers;
using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Seq2Seq.Persistence;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Batching;

/// <summary>Pairs of texts, kept as <see cref="EncodedPairs"/> are: so that rows can be read once from where they come, and
/// again from here. A text becomes a string when it is asked for.</summary>
internal sealed class TextPairs : IReadOnlyList<(string Source, string Target)>, IDisposable
{
    /// <summary>Before the UTF-16 of a text with half a surrogate pair, which UTF-8 can't hold; no UTF-8 begins so.</summary>
    private const byte Utf16Mark = 0xFF;

    private readonly PackedPairs _pairs;

    /// <param name="directory">Folder for temporary files.</param>
    /// <param name="memoryLimit">Bytes of texts, and bytes of lengths, that are kept in memory.</param>
    public TextPairs(string directory, int memoryLimit = ByteSpool.DefaultMemoryLimit) =>
        _pairs = new PackedPairs(elementSize: 1, int.MaxValue, directory, memoryLimit);

    public int Count => _pairs.Count;

    public (string Source, string Target) this[int pair]
    {
        get
        {
            var place = _pairs.Find(pair);
            return (Text(place.Offset, place.First), Text(place.Offset + place.First, place.Second));
        }
    }

    public void Add(string source, string target)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(checked(MaximumBytes(source) + MaximumBytes(target)));
        int sourceBytes = Write(source, bytes), targetBytes = Write(target, bytes.AsSpan(sourceBytes));
        _pairs.Add(bytes.AsSpan(0, sourceBytes), bytes.AsSpan(sourceBytes, targetBytes));
        ArrayPool<byte>.Shared.Return(bytes);
    }

    /// <summary>The number of a pair before any was left out.</summary>
    public int Stored(int pair) => _pairs.Stored(pair);

    /// <summary>Leaves pairs out; those behind them move up.</summary>
    /// <param name="pairs">By their number now, in ascending order.</param>
    public void LeaveOut(IEnumerable<int> pairs) => _pairs.LeaveOut(pairs);

    public IEnumerator<(string Source, string Target)> GetEnumerator()
    {
        for (int pair = 0; pair < Count; pair++)
            yield return this[pair];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose() => _pairs.Dispose();

    private static int MaximumBytes(string text) => checked((3 * text.Length) + 1); // UTF-8; UTF-16 and its mark are no more

    private static int Write(string text, Span<byte> bytes)
    {
        if (Utf16.IsWellFormed(text))
            return Encoding.UTF8.GetBytes(text, bytes);
        bytes[0] = Utf16Mark;
        MemoryMarshal.AsBytes(text.AsSpan()).CopyTo(bytes[1..]);
        return 1 + (sizeof(char) * text.Length);
    }

    private string Text(long offset, int length)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        var text = bytes.AsSpan(0, length);
        _pairs.Read(offset, text);
        string result = length > 0 && text[0] == Utf16Mark
            ? new string(MemoryMarshal.Cast<byte, char>(text[1..]))
            : Encoding.UTF8.GetString(text);
        ArrayPool<byte>.Shared.Return(bytes);
        return result;
    }
}
