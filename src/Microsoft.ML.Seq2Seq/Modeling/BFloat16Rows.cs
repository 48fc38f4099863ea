using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.Seq2Seq.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>bfloat16 to float32 and back: the upper half of its bits.</summary>
internal static unsafe class BFloat16Rows
{
    private const int Lanes = 16;

    /// <summary>sum += rounded. libtorch would make a float32 matrix of it first, of which the system clears every page.</summary>
    /// <param name="sum">float32, contiguous.</param>
    /// <param name="rounded">bfloat16, contiguous, of the same shape.</param>
    public static void AddTo(Tensor sum, Tensor rounded)
    {
        var (to, from) = (sum.Address(), rounded.Address());
        ThreadSetting.Share(sum.numel(), (start, end) => AddTo((float*)to + start, (ushort*)from + start, (nint)(end - start)));
        GC.KeepAlive(sum);
        GC.KeepAlive(rounded);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(ushort* values, Span<float> row)
    {
        ref float first = ref MemoryMarshal.GetReference(row);
        int i = 0;
        for (; i <= row.Length - 2 * Lanes; i += 2 * Lanes)
        {
            var (lower, upper) = Widen(values + i);
            lower.StoreUnsafe(ref first, (nuint)i);
            upper.StoreUnsafe(ref first, (nuint)(i + Lanes));
        }
        for (; i < row.Length; i++)
            row[i] = Widen(values[i]);
    }

    /// <summary>To the nearest, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(ReadOnlySpan<float> row, ushort* values)
    {
        ref float first = ref MemoryMarshal.GetReference(row);
        int i = 0;
        for (; i <= row.Length - 2 * Lanes; i += 2 * Lanes)
            Round(Vector512.LoadUnsafe(ref first, (nuint)i), Vector512.LoadUnsafe(ref first, (nuint)(i + Lanes))).Store(values + i);
        for (; i < row.Length; i++)
            values[i] = BFloat16Panel.Round(row[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTo(float* sums, ushort* values, nint count)
    {
        nint i = 0;
        for (; i <= count - 2 * Lanes; i += 2 * Lanes)
        {
            var (lower, upper) = Widen(values + i);
            (Vector512.Load(sums + i) + lower).Store(sums + i);
            (Vector512.Load(sums + i + Lanes) + upper).Store(sums + i + Lanes);
        }
        for (; i < count; i++)
            sums[i] += Widen(values[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> Lower, Vector512<float> Upper) Widen(ushort* values)
    {
        var (lower, upper) = Vector512.Widen(Vector512.Load(values));
        return (Vector512.ShiftLeft(lower, 16).AsSingle(), Vector512.ShiftLeft(upper, 16).AsSingle());
    }

    public static float Widen(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> Round(Vector512<float> lower, Vector512<float> upper) => Vector512.Narrow(Round(lower), Round(upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Round(Vector512<float> x)
    {
        var bits = x.AsUInt32();
        var odd = Vector512.ShiftRightLogical(bits, 16) & Vector512<uint>.One;
        return Vector512.ShiftRightLogical(bits + Vector512.Create(0x7FFFu) + odd, 16);
    }
}
