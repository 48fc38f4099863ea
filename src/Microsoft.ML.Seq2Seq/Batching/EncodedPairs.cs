using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Seq2Seq.Persistence;

namespace Microsoft.ML.Seq2Seq.Batching;

/// <summary>
/// Pairs of token ids, as few bytes each as the vocabulary needs. They are kept as bytes, on disk where they are many:
/// twenty million pairs take some megabytes of memory.
/// </summary>
internal sealed class EncodedPairs : IDisposable
{
    private readonly PackedPairs _pairs;
    private readonly int _tokenSize;

    /// <summary>For ids and lengths of any size.</summary>
    public EncodedPairs()
        : this(int.MaxValue, int.MaxValue, Path.GetTempPath())
    {
    }

    /// <param name="vocabularySize">Ids are less; of both sides, if they differ.</param>
    /// <param name="longest">Most tokens of a sequence.</param>
    /// <param name="directory">Folder for temporary files.</param>
    /// <param name="memoryLimit">Bytes of tokens, and bytes of lengths, that are kept in memory.</param>
    public EncodedPairs(int vocabularySize, int longest, string directory, int memoryLimit = ByteSpool.DefaultMemoryLimit)
    {
        _tokenSize = vocabularySize switch { <= 1 << 8 => 1, <= 1 << 16 => 2, <= 1 << 24 => 3, _ => 4 };
        _pairs = new PackedPairs(_tokenSize, longest, directory, memoryLimit);
    }

    /// <summary>Number of pairs.</summary>
    public int Count => _pairs.Count;

    /// <summary>Source tokens of all pairs together.</summary>
    public long SourceTokens { get; private set; }

    /// <summary>Target tokens of all pairs together.</summary>
    public long TargetTokens { get; private set; }

    /// <summary>Bytes that the pairs take, in memory or on disk.</summary>
    public long Bytes => _pairs.Bytes;

    public void Add(ReadOnlySpan<int> source, ReadOnlySpan<int> target)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(checked((source.Length + target.Length) * _tokenSize));
        Span<byte> sourceBytes = bytes.AsSpan(0, source.Length * _tokenSize),
            targetBytes = bytes.AsSpan(sourceBytes.Length, target.Length * _tokenSize);
        Pack(source, sourceBytes);
        Pack(target, targetBytes);
        _pairs.Add(sourceBytes, targetBytes);
        ArrayPool<byte>.Shared.Return(bytes);
        SourceTokens += source.Length;
        TargetTokens += target.Length;
    }

    public int[] Source(int pair)
    {
        var place = _pairs.Find(pair);
        return Tokens(place.Offset, place.First);
    }

    public int[] Target(int pair)
    {
        var place = _pairs.Find(pair);
        return Tokens(place.Offset + ((long)place.First * _tokenSize), place.Second);
    }

    public int SourceLength(int pair) => Lengths(pair).Source;

    public int TargetLength(int pair) => Lengths(pair).Target;

    /// <summary>Tokens of both sides.</summary>
    public (int Source, int Target) Lengths(int pair) => _pairs.Lengths(pair);

    /// <summary>Leaves pairs out; those behind them move up.</summary>
    /// <param name="pairs">By their number now, in ascending order.</param>
    public void LeaveOut(IReadOnlyCollection<int> pairs)
    {
        foreach (int pair in pairs)
        {
            var (source, target) = Lengths(pair);
            SourceTokens -= source;
            TargetTokens -= target;
        }
        _pairs.LeaveOut(pairs);
    }

    /// <summary>A name for exactly these pairs in this order.</summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _pairs.AppendTo(hash);
        return $"{Count} with hash {Convert.ToHexString(hash.GetHashAndReset().AsSpan(0, 8))}";
    }

    public void Dispose() => _pairs.Dispose();

    private int[] Tokens(long offset, int count)
    {
        int[] tokens = new int[count];
        var room = MemoryMarshal.AsBytes(tokens.AsSpan());
        // Packed ids go to the end of the room and are widened from its start: what is written never passes what is read.
        var packed = room[(room.Length - (count * _tokenSize))..];
        _pairs.Read(offset, packed);
        Unpack(packed, tokens);
        return tokens;
    }

    // Little-endian, as every processor that libtorch runs on.
    private void Pack(ReadOnlySpan<int> tokens, Span<byte> packed)
    {
        int largest = _tokenSize == sizeof(int) ? int.MaxValue : (1 << (8 * _tokenSize)) - 1;
        if (tokens.ContainsAnyExceptInRange(0, largest))
            throw new ArgumentOutOfRangeException(nameof(tokens), $"A token is no id of {_tokenSize} bytes: 0 to {largest}.");
        switch (_tokenSize)
        {
            case 1:
                for (int i = 0; i < tokens.Length; i++)
                    packed[i] = (byte)tokens[i];
                break;
            case 2:
                var pairs = MemoryMarshal.Cast<byte, ushort>(packed);
                for (int i = 0; i < tokens.Length; i++)
                    pairs[i] = (ushort)tokens[i];
                break;
            case 3:
                for (int i = 0; i < tokens.Length; i++)
                {
                    MemoryMarshal.Write(packed[(3 * i)..], (ushort)tokens[i]);
                    packed[(3 * i) + 2] = (byte)(tokens[i] >> 16);
                }
                break;
            default:
                MemoryMarshal.AsBytes(tokens).CopyTo(packed);
                break;
        }
    }

    private void Unpack(ReadOnlySpan<byte> packed, Span<int> tokens)
    {
        switch (_tokenSize)
        {
            case 1:
                for (int i = 0; i < tokens.Length; i++)
                    tokens[i] = packed[i];
                break;
            case 2:
                var pairs = MemoryMarshal.Cast<byte, ushort>(packed);
                for (int i = 0; i < tokens.Length; i++)
                    tokens[i] = pairs[i];
                break;
            case 3:
                for (int i = 0; i < tokens.Length; i++)
                    tokens[i] = MemoryMarshal.Read<ushort>(packed[(3 * i)..]) | (packed[(3 * i) + 2] << 16);
                break;
        }
    }
}
