using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Seq2Seq.Persistence;

namespace Microsoft.ML.Seq2Seq.Batching;

/// <summary>
/// Pairs of sequences of fixed-size elements as bytes: their elements end to end, and the two lengths of each pair beside
/// them. No pair is an object, and where a pair begins is kept for every 64th alone: besides its elements a pair costs two
/// lengths and an eighth of a byte. Both lie in <see cref="ByteSpool"/>s, on disk where they are many.
/// </summary>
internal sealed class PackedPairs : IDisposable
{
    private const int BlockPairs = 64;

    private readonly int _elementSize, _lengthSize;
    private readonly ByteSpool _elements, _lengths;
    private readonly List<long> _blocks = []; // where each block begins, in bytes
    private int[] _leftOut = []; // in order, as they were numbered before
    private int _stored;

    /// <param name="elementSize">Bytes of an element.</param>
    /// <param name="longest">Most elements of a sequence.</param>
    /// <param name="directory">Folder for temporary files.</param>
    /// <param name="memoryLimit">Bytes of elements, and bytes of lengths, that are kept in memory.</param>
    public PackedPairs(int elementSize, int longest, string directory, int memoryLimit)
    {
        _elementSize = elementSize;
        _lengthSize = longest switch { <= byte.MaxValue => 1, <= ushort.MaxValue => 2, _ => 4 };
        _elements = new ByteSpool(directory, memoryLimit);
        _lengths = new ByteSpool(directory, memoryLimit);
    }

    /// <summary>Number of pairs.</summary>
    public int Count => _stored - _leftOut.Length;

    /// <summary>Bytes of elements and lengths.</summary>
    public long Bytes => _elements.Length + _lengths.Length;

    /// <exception cref="OverflowException">A sequence is longer than said.</exception>
    public void Add(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (_stored % BlockPairs == 0)
            _blocks.Add(_elements.Length);
        Span<byte> lengths = stackalloc byte[2 * _lengthSize];
        WriteLength(lengths, first.Length / _elementSize);
        WriteLength(lengths[_lengthSize..], second.Length / _elementSize);
        _lengths.Append(lengths);
        _elements.Append(first);
        _elements.Append(second);
        _stored = checked(_stored + 1);
    }

    /// <summary>Lengths of a pair, in elements.</summary>
    public (int First, int Second) Lengths(int pair)
    {
        int stored = Stored(pair);
        Span<byte> lengths = stackalloc byte[2 * _lengthSize];
        _lengths.Read((long)stored * lengths.Length, lengths);
        return (ReadLength(lengths, 0), ReadLength(lengths, 1));
    }

    /// <summary>Where the elements of a pair are, the second sequence right after the first.</summary>
    public PackedPlace Find(int pair)
    {
        int stored = Stored(pair), before = stored % BlockPairs;
        Span<byte> lengths = stackalloc byte[2 * _lengthSize * (before + 1)];
        _lengths.Read((long)(stored - before) * 2 * _lengthSize, lengths);
        long elements = 0;
        for (int i = 0; i < 2 * before; i++)
            elements += ReadLength(lengths, i);
        return new PackedPlace(
            _blocks[stored / BlockPairs] + (elements * _elementSize), ReadLength(lengths, 2 * before), ReadLength(lengths, (2 * before) + 1));
    }

    /// <summary>Reads elements that <see cref="Find"/> found.</summary>
    public void Read(long offset, Span<byte> destination) => _elements.Read(offset, destination);

    /// <summary>Leaves pairs out; those behind them move up.</summary>
    /// <param name="pairs">By their number now, in ascending order.</param>
    public void LeaveOut(IEnumerable<int> pairs)
    {
        int[] leftOut = [.. _leftOut, .. pairs.Select(Stored)];
        Array.Sort(leftOut);
        _leftOut = leftOut;
    }

    /// <summary>The number of a pair before any was left out.</summary>
    public int Stored(int pair)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)pair, (uint)Count, nameof(pair));
        // Before the pair go those left out whose number, less the others left out before them, is not above it.
        int low = 0, high = _leftOut.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_leftOut[middle] - middle <= pair)
                low = middle + 1;
            else
                high = middle;
        }
        return pair + low;
    }

    /// <summary>Adds all pairs to a hash, and which of them are left out.</summary>
    public void AppendTo(IncrementalHash hash)
    {
        _lengths.AppendTo(hash);
        _elements.AppendTo(hash);
        hash.AppendData(MemoryMarshal.AsBytes(_leftOut.AsSpan()));
    }

    public void Dispose()
    {
        _elements.Dispose();
        _lengths.Dispose();
    }

    private void WriteLength(Span<byte> destination, int length)
    {
        if (_lengthSize == 1)
            destination[0] = checked((byte)length);
        else if (_lengthSize == 2)
            MemoryMarshal.Write(destination, checked((ushort)length));
        else
            MemoryMarshal.Write(destination, length);
    }

    private int ReadLength(ReadOnlySpan<byte> lengths, int index) => _lengthSize switch
    {
        1 => lengths[index],
        2 => MemoryMarshal.Cast<byte, ushort>(lengths)[index],
        _ => MemoryMarshal.Cast<byte, int>(lengths)[index],
    };
}

/// <summary>Where the elements of a pair are.</summary>
/// <param name="Offset">In bytes.</param>
/// <param name="First">Elements of the first sequence.</param>
/// <param name="Second">Elements of the second.</param>
internal readonly record struct PackedPlace(long Offset, int First, int Second);
