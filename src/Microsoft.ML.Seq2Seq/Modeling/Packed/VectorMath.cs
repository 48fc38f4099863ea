using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Functions of sixteen numbers at a time.</summary>
internal static unsafe class VectorMath
{
    /// <summary>exp(x) for x ≤ 0 to the last bit or two: 2ⁿ · exp(r) with |r| ≤ ½ ln 2, the polynomial of Cephes. (The
    /// framework's computes in double precision, at half the speed.) A NaN stays one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        var least = Vector512.Create(-87f); // e⁻⁸⁷ adds nothing to a sum whose largest term is 1
        x = Vector512.ConditionalSelect(Vector512.LessThan(x, least), least, x);
        var n = Vector512.Round(x * 1.44269504f);
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), r);
        var p = Vector512.Create(1.9875691500e-4f);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.3981999507e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(8.3334519073e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.1665795894e-2f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.6666665459e-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(0.5f));
        p = Vector512.FusedMultiplyAdd(p, r * r, r + Vector512<float>.One);
        // 2ⁿ by its exponent bits.
        return p * Vector512.ShiftLeft(Vector512.ConvertToInt32Native(n) + Vector512.Create(127), 23).AsSingle();
    }

    /// <summary>x·σ(x)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Silu(Vector512<float> x)
    {
        var e = Exp(-Vector512.Abs(x));
        var numerator = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), e, Vector512<float>.One);
        return x * numerator / (Vector512<float>.One + e);
    }

    /// <summary>x·Φ(x), the error function by Abramowitz and Stegun 7.1.26: off by 1.5e-7 at most.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Gelu(Vector512<float> x)
    {
        var z = Vector512.Abs(x) * 0.70710678f;
        var t = Vector512<float>.One / Vector512.FusedMultiplyAdd(z, Vector512.Create(0.3275911f), Vector512<float>.One);
        var p = Vector512.Create(1.061405429f);
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(-1.453152027f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(1.421413741f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(-0.284496736f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(0.254829592f));
        var tail = p * t * Exp(-z * z) * 0.5f; // Φ(-|x|)
        return x * Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), tail, Vector512<float>.One - tail);
    }

    /// <summary>Turns scores into shares that add up to 1. What stands behind them, up to a multiple of sixteen, is
    /// overwritten.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Softmax(float* scores, int count)
    {
        int width = (count + 15) & ~15;
        for (int i = count; i < width; i++)
            scores[i] = float.NegativeInfinity;
        var largest = Vector512.Load(scores);
        for (int i = 16; i < width; i += 16)
            largest = Vector512.Max(largest, Vector512.Load(scores + i));
        var shift = Vector512.Create(Largest(largest));
        var sum = Vector512<float>.Zero;
        for (int i = 0; i < width; i += 16)
        {
            var share = Exp(Vector512.Load(scores + i) - shift);
            sum += share;
            share.Store(scores + i);
        }
        float factor = 1 / Vector512.Sum(sum);
        for (int i = 0; i < width; i += 16)
            (Vector512.Load(scores + i) * factor).Store(scores + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Vector512<float> values)
    {
        var half = Vector256.Max(values.GetLower(), values.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        return MathF.Max(MathF.Max(quarter[0], quarter[1]), MathF.Max(quarter[2], quarter[3]));
    }
}
