using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Rows of a matrix of logits on a CPU, each as float32 while the core's own cache has it.</summary>
internal sealed unsafe class LogitRows
{
    private const int Lanes = 16;

    private readonly Tensor _logits;
    private readonly bool _isReduced;
    private readonly byte* _first;

    /// <param name="logits">(n, V) float32 or bfloat16, contiguous, n at least 1; it must outlive this.</param>
    public LogitRows(Tensor logits)
    {
        _logits = logits;
        _isReduced = logits.dtype == ScalarType.BFloat16;
        Vocabulary = (int)logits.shape[1];
        using var head = logits.narrow(0, 0, 1); // a span cannot be longer than 2³¹ bytes
        fixed (byte* first = head.bytes) // native memory: it stays where it is
            _first = first;
    }

    public int Vocabulary { get; }

    /// <summary>A row to read and to overwrite.</summary>
    /// <param name="row">Which.</param>
    /// <param name="scratch">(V) of the caller's thread; made where it is needed.</param>
    public Span<float> Read(int row, ref float[]? scratch)
    {
        if (!_isReduced)
            return new Span<float>((float*)_first + (long)row * Vocabulary, Vocabulary);
        scratch ??= GC.AllocateUninitializedArray<float>(Vocabulary);
        Widen((ushort*)_first + (long)row * Vocabulary, scratch);
        return scratch;
    }

    /// <summary>Puts back what <see cref="Read"/> gave.</summary>
    public void Write(int row, ReadOnlySpan<float> values)
    {
        if (_isReduced)
            Round(values, (ushort*)_first + (long)row * Vocabulary);
    }

    /// <summary>Shares numbers from 0 out to libtorch's number of threads.</summary>
    /// <param name="count">How many.</param>
    /// <param name="work">Gets the first, and the one after the last.</param>
    public void Share(int count, Action<int, int> work)
    {
        int threads = torch.get_num_threads(), share = (count + threads - 1) / threads;
        if (threads == 1)
            work(0, count);
        else
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads },
                thread => work(Math.Min(thread * share, count), Math.Min((thread + 1) * share, count)));
        GC.KeepAlive(_logits);
    }

    /// <summary>sum += rounded. libtorch would make a float32 matrix of it first, of which the system clears every page.</summary>
    /// <param name="sum">(n, V) float32, contiguous.</param>
    /// <param name="rounded">(n, V) bfloat16, contiguous.</param>
    public static void AddTo(Tensor sum, Tensor rounded)
    {
        LogitRows sums = new(sum), summands = new(rounded);
        summands.Share((int)sum.shape[0], (start, end) =>
        {
            float[]? scratch = null;
            for (int row = start; row < end; row++)
                fixed (float* read = summands.Read(row, ref scratch))
                    VectorMath.Add((float*)sums._first + (long)row * sums.Vocabulary, read, sums.Vocabulary);
        });
        GC.KeepAlive(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(ushort* values, Span<float> row)
    {
        ref float first = ref MemoryMarshal.GetReference(row);
        int i = 0;
        for (; i <= row.Length - 2 * Lanes; i += 2 * Lanes)
        {
            var (lower, upper) = Vector512.Widen(Vector512.Load(values + i));
            Vector512.ShiftLeft(lower, 16).AsSingle().StoreUnsafe(ref first, (nuint)i);
            Vector512.ShiftLeft(upper, 16).AsSingle().StoreUnsafe(ref first, (nuint)(i + Lanes));
        }
        for (; i < row.Length; i++)
            row[i] = BitConverter.UInt32BitsToSingle((uint)values[i] << 16);
    }

    /// <summary>To the nearest, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round(ReadOnlySpan<float> row, ushort* values)
    {
        ref float first = ref MemoryMarshal.GetReference(row);
        int i = 0;
        for (; i <= row.Length - 2 * Lanes; i += 2 * Lanes)
            Vector512.Narrow(Round(Vector512.LoadUnsafe(ref first, (nuint)i)), Round(Vector512.LoadUnsafe(ref first, (nuint)(i + Lanes)))).Store(values + i);
        for (; i < row.Length; i++)
            values[i] = BFloat16Panel.Round(row[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Round(Vector512<float> x)
    {
        var bits = x.AsUInt32();
        var odd = Vector512.ShiftRightLogical(bits, 16) & Vector512<uint>.One;
        return Vector512.ShiftRightLogical(bits + Vector512.Create(0x7FFFu) + odd, 16);
    }
}
