using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>
/// Loss of two passes over the same tokens with different dropout, and its gradient, on a CPU (R-Drop, Liang et al. 2021,
/// equation 4, halved so that its scale is that of one pass): the mean of both cross-entropies, plus α/4 of
/// KL(p‖q) + KL(q‖p), where p and q are what the passes predict.
/// </summary>
internal static class ConsistencyLoss
{
    private const int Lanes = 16;

    /// <summary>Sums of the loss in nats: with smoothing and the divergence, and the mean likelihood.</summary>
    /// <param name="logits">(2n, V) float32 or bfloat16, contiguous, row n + i of the same token as row i; they become the
    /// loss's gradient times <paramref name="scale"/>.</param>
    /// <param name="targets">(n)</param>
    /// <param name="smoothing">ε</param>
    /// <param name="weight">α</param>
    /// <param name="scale">Factor on the gradient.</param>
    public static (double Smoothed, double Likelihood) Replace(Tensor logits, long[] targets, double smoothing, double weight, double scale)
    {
        var rows = new LogitRows(logits);
        var losses = new (double Smoothed, double Likelihood)[targets.Length];
        rows.Share(targets.Length, (start, end) =>
        {
            float[]? firstScratch = null, secondScratch = null;
            float[] exponentials = GC.AllocateUninitializedArray<float>(2 * rows.Vocabulary);
            for (int row = start; row < end; row++)
            {
                var first = rows.Read(row, ref firstScratch);
                var second = rows.Read(row + targets.Length, ref secondScratch);
                losses[row] = Pair(first, second, exponentials, (int)targets[row], smoothing, weight, scale);
                rows.Write(row, first);
                rows.Write(row + targets.Length, second);
            }
        });
        return (losses.Sum(loss => loss.Smoothed), losses.Sum(loss => loss.Likelihood));
    }

    /// <summary>Logits of both passes, (V) each → gradients. With r = log p - log q:
    /// ½·(p - (1-ε)·onehot(y) - ε/V) + α/4·(p·(r - KL(p‖q)) + p - q), and likewise for q.</summary>
    private static (double Smoothed, double Likelihood) Pair(
        Span<float> first, Span<float> second, Span<float> exponentials, int target, double smoothing, double weight, double scale)
    {
        float onFirst = first[target], onSecond = second[target];
        float firstMax = VocabularyRow.Max(first), secondMax = VocabularyRow.Max(second);
        Span<float> firstExponentials = exponentials[..first.Length], secondExponentials = exponentials[first.Length..];
        var p = Exponentials(first, second, firstMax, firstExponentials);
        var q = Exponentials(second, first, secondMax, secondExponentials);
        double firstNormalizer = firstMax + Math.Log(p.Sum), secondNormalizer = secondMax + Math.Log(q.Sum);
        double shift = firstNormalizer - secondNormalizer; // r = first - second - shift
        double firstDivergence = p.Excess / p.Sum - shift, secondDivergence = q.Excess / q.Sum + shift;

        double half = scale / 2, quarter = scale * weight / 4, uniform = half * smoothing / first.Length;
        // g = p·(½ + α/4·(1 - KL + r)) - α/4·q - u, with the sums of both exponentials in the factors.
        Gradients(
            first, firstExponentials, second, secondExponentials,
            new Factors(half + quarter * (1 - firstDivergence - shift), quarter, p.Sum, q.Sum, uniform),
            new Factors(half + quarter * (1 - secondDivergence + shift), quarter, q.Sum, p.Sum, uniform));
        first[target] -= (float)(half * (1 - smoothing));
        second[target] -= (float)(half * (1 - smoothing));

        double likelihood = (firstNormalizer - onFirst + secondNormalizer - onSecond) / 2;
        double mean = (firstNormalizer - p.Total / first.Length + secondNormalizer - q.Total / first.Length) / 2;
        double divergence = weight / 4 * (firstDivergence + secondDivergence);
        return ((1 - smoothing) * likelihood + smoothing * mean + divergence, likelihood);
    }

    /// <summary>exp(x - max), their sum, that of x, and that of exp(x - max)·(x - other).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double Sum, double Total, double Excess) Exponentials(Span<float> row, Span<float> other, float max, Span<float> exponentials)
    {
        var shift = Vector512.Create(max);
        ref float values = ref MemoryMarshal.GetReference(row), others = ref MemoryMarshal.GetReference(other);
        ref float results = ref MemoryMarshal.GetReference(exponentials);
        Vector512<float> sums = default, totals = default, excesses = default;
        int i = 0;
        for (; i <= row.Length - Lanes; i += Lanes)
        {
            var x = Vector512.LoadUnsafe(ref values, (nuint)i);
            var e = VectorMath.Exp(x - shift);
            totals += x;
            sums += e;
            excesses = Vector512.FusedMultiplyAdd(e, x - Vector512.LoadUnsafe(ref others, (nuint)i), excesses);
            e.StoreUnsafe(ref results, (nuint)i);
        }
        double sum = Vector512.Sum(sums), total = Vector512.Sum(totals), excess = Vector512.Sum(excesses);
        for (; i < row.Length; i++)
        {
            float e = exponentials[i] = MathF.Exp(row[i] - max);
            total += row[i];
            sum += e;
            excess += e * (row[i] - other[i]);
        }
        return (sum, total, excess);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gradients(
        Span<float> first, Span<float> firstExponentials, Span<float> second, Span<float> secondExponentials, Factors onFirst, Factors onSecond)
    {
        ref float x = ref MemoryMarshal.GetReference(first), y = ref MemoryMarshal.GetReference(second);
        ref float e = ref MemoryMarshal.GetReference(firstExponentials), f = ref MemoryMarshal.GetReference(secondExponentials);
        int i = 0;
        for (; i <= first.Length - Lanes; i += Lanes)
        {
            var difference = Vector512.LoadUnsafe(ref x, (nuint)i) - Vector512.LoadUnsafe(ref y, (nuint)i);
            var p = Vector512.LoadUnsafe(ref e, (nuint)i);
            var q = Vector512.LoadUnsafe(ref f, (nuint)i);
            onFirst.Gradient(p, q, difference).StoreUnsafe(ref x, (nuint)i);
            onSecond.Gradient(q, p, -difference).StoreUnsafe(ref y, (nuint)i);
        }
        for (; i < first.Length; i++)
        {
            float difference = first[i] - second[i], p = firstExponentials[i], q = secondExponentials[i];
            first[i] = onFirst.Gradient(p, q, difference);
            second[i] = onSecond.Gradient(q, p, -difference);
        }
    }

    /// <summary>Of one pass's gradient, p·(own + byDifference·d) - other·q - uniform: p and q are exponentials not yet divided
    /// by their sums.</summary>
    private readonly struct Factors(double own, double quarter, double sum, double otherSum, double uniform)
    {
        private readonly float _own = (float)(own / sum), _byDifference = (float)(quarter / sum), _other = (float)(quarter / otherSum);
        private readonly float _uniform = (float)uniform;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Gradient(Vector512<float> p, Vector512<float> q, Vector512<float> difference)
        {
            var factor = Vector512.FusedMultiplyAdd(Vector512.Create(_byDifference), difference, Vector512.Create(_own));
            return p * factor - Vector512.FusedMultiplyAdd(Vector512.Create(_other), q, Vector512.Create(_uniform));
        }

        public float Gradient(float p, float q, float difference) =>
            p * (_byDifference * difference + _own) - _other * q - _uniform;
    }
}
