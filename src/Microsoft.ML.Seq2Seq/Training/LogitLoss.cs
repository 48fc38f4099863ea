using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>
/// Label-smoothed loss of rows of logits and its gradient, on a CPU. libtorch's operations make a dozen passes over a matrix
/// that no cache holds; here each row is done with while the core's own cache has it.
/// </summary>
internal static unsafe class LogitLoss
{
    private const int Lanes = 16;

    /// <summary>Sums of the loss in nats: with smoothing, and without.</summary>
    /// <param name="logits">(n, V) float32 or bfloat16, contiguous; overwritten.</param>
    /// <param name="targets">(n)</param>
    /// <param name="smoothing">ε</param>
    /// <param name="scale">The logits become the loss's gradient times this; null: the loss alone is wanted.</param>
    public static (double Smoothed, double Likelihood) Replace(Tensor logits, long[] targets, double smoothing, double? scale)
    {
        if (targets.Length == 0)
            return default;
        int vocabulary = (int)logits.shape[1];
        bool isReduced = logits.dtype == ScalarType.BFloat16;
        var losses = new (double Smoothed, double Likelihood)[targets.Length];
        using var head = logits.narrow(0, 0, 1); // a span cannot be longer than 2³¹ bytes
        fixed (byte* bytes = head.bytes)
        {
            byte* first = bytes;
            void Rows(int start, int end)
            {
                float[] scratch = isReduced ? GC.AllocateUninitializedArray<float>(vocabulary) : [];
                for (int row = start; row < end; row++)
                {
                    ushort* reduced = (ushort*)first + (long)row * vocabulary;
                    var values = isReduced ? scratch : new Span<float>((float*)first + (long)row * vocabulary, vocabulary);
                    if (isReduced)
                        Widen(reduced, values);
                    losses[row] = Row(values, (int)targets[row], smoothing, scale);
                    if (isReduced && scale is not null)
                        Round(values, reduced);
                }
            }
            int threads = torch.get_num_threads(), share = (targets.Length + threads - 1) / threads;
            if (threads == 1)
                Rows(0, targets.Length);
            else
                Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads },
                    thread => Rows(Math.Min(thread * share, targets.Length), Math.Min((thread + 1) * share, targets.Length)));
        }
        return (losses.Sum(loss => loss.Smoothed), losses.Sum(loss => loss.Likelihood));
    }

    /// <summary>(V) logits → gradient: scale · (p - (1-ε)·onehot(y) - ε/V).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double Smoothed, double Likelihood) Row(Span<float> row, int target, double smoothing, double? scale)
    {
        float onTarget = row[target], max = VocabularyRow.Max(row);
        var (sum, total) = Exponentials(row, max);
        double normalizer = max + Math.Log(sum), likelihood = normalizer - onTarget;
        if (scale is { } factor)
        {
            Rescale(row, (float)(factor / sum), (float)(factor * smoothing / row.Length));
            row[target] -= (float)(factor * (1 - smoothing));
        }
        return ((1 - smoothing) * likelihood + smoothing * (normalizer - total / row.Length), likelihood);
    }

    /// <summary>x → exp(x - max), with the sums of both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double Exponentials, double Values) Exponentials(Span<float> row, float max)
    {
        var shift = Vector512.Create(max);
        ref float first = ref MemoryMarshal.GetReference(row);
        Vector512<float> sums = default, totals = default;
        int i = 0;
        for (; i <= row.Length - Lanes; i += Lanes)
        {
            var x = Vector512.LoadUnsafe(ref first, (nuint)i);
            var e = VectorMath.Exp(x - shift);
            totals += x;
            sums += e;
            e.StoreUnsafe(ref first, (nuint)i);
        }
        double sum = 0, total = 0;
        for (int lane = 0; lane < Lanes; lane++)
        {
            sum += sums[lane];
            total += totals[lane];
        }
        for (; i < row.Length; i++)
        {
            total += row[i];
            sum += row[i] = MathF.Exp(row[i] - max);
        }
        return (sum, total);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rescale(Span<float> row, float factor, float less)
    {
        ref float first = ref MemoryMarshal.GetReference(row);
        Vector512<float> factors = Vector512.Create(factor), minus = Vector512.Create(-less);
        int i = 0;
        for (; i <= row.Length - Lanes; i += Lanes)
            Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref first, (nuint)i), factors, minus).StoreUnsafe(ref first, (nuint)i);
        for (; i < row.Length; i++)
            row[i] = row[i] * factor - less;
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
    private static void Round(Span<float> row, ushort* values)
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
