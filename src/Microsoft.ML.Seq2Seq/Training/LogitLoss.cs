using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>
/// Label-smoothed loss of rows of logits and its gradient, on a CPU. libtorch's operations make a dozen passes over a matrix
/// that no cache holds; here each row is done with while the core's own cache has it.
/// </summary>
internal static class LogitLoss
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
        var rows = new LogitRows(logits);
        var losses = new (double Smoothed, double Likelihood)[targets.Length];
        rows.Share(targets.Length, (start, end) =>
        {
            float[]? scratch = null;
            for (int row = start; row < end; row++)
            {
                var values = rows.Read(row, ref scratch);
                losses[row] = Row(values, (int)targets[row], smoothing, scale);
                if (scale is not null)
                    rows.Write(row, values);
            }
        });
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
}
