using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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

    /// <summary>Turns rows of scores into shares that add up to 1. What stands behind a row's scores is overwritten.</summary>
    /// <param name="width">Elements from one row to the next: a multiple of sixteen.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Softmax(float* scores, int rows, int count, int width)
    {
        int last = width - 16;
        // Kept in a register: written to memory, it would hold up the load of the whole vector.
        var isScore = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count - last)).AsSingle();
        var none = Vector512.Create(float.NegativeInfinity);
        for (float* end = scores + rows * width; scores < end; scores += width)
        {
            var tail = Vector512.ConditionalSelect(isScore, Vector512.Load(scores + last), none);
            var largest = tail;
            for (int i = 0; i < last; i += 16)
                largest = Vector512.MaxNative(largest, Vector512.Load(scores + i));
            var shift = Vector512.Create(Largest(largest));
            tail = Exp(tail - shift);
            var sum = tail;
            for (int i = 0; i < last; i += 16)
            {
                var share = Exp(Vector512.Load(scores + i) - shift);
                sum += share;
                share.Store(scores + i);
            }
            var factor = Vector512.Create(1 / Vector512.Sum(sum));
            for (int i = 0; i < last; i += 16)
                (Vector512.Load(scores + i) * factor).Store(scores + i);
            (tail * factor).Store(scores + last);
        }
    }

    /// <summary>The sum of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        if (!Avx512F.IsSupported)
            return Vector128.Create(Vector512.Sum(a), Vector512.Sum(b), Vector512.Sum(c), Vector512.Sum(d));
        // Four sums cost hardly more than one: each quarter of a register holds a part of all four, (a, b, c, d).
        var ab = Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b);
        var cd = Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d);
        var all = Avx512F.UnpackLow(ab.AsDouble(), cd.AsDouble()).AsSingle() + Avx512F.UnpackHigh(ab.AsDouble(), cd.AsDouble()).AsSingle();
        var half = all.GetLower() + all.GetUpper();
        return half.GetLower() + half.GetUpper();
    }

    /// <summary>The largest of sixteen numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector512<float> values)
    {
        var eight = Vector256.MaxNative(values.GetLower(), values.GetUpper());
        var four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        var two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2)))[0];
    }

    /// <summary>Fetches two cache lines, 128 bytes, that are wanted soon. What reads memory in order is fetched by the hardware
    /// too, but it begins anew with every page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchTwo(void* address)
    {
        if (!Sse.IsSupported)
            return;
        Sse.Prefetch0(address);
        Sse.Prefetch0((byte*)address + 64);
    }

    /// <summary>Fetches four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchFour(void* address)
    {
        PrefetchTwo(address);
        PrefetchTwo((byte*)address + 128);
    }

    /// <summary>x · factor</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, float factor, int count)
    {
        int i = 0;
        for (; i <= count - 16; i += 16)
            (Vector512.Load(x + i) * factor).Store(x + i);
        for (; i < count; i++)
            x[i] *= factor;
    }

    /// <summary>x + y</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* x, float* y, int count)
    {
        int i = 0;
        for (; i <= count - 16; i += 16)
            (Vector512.Load(x + i) + Vector512.Load(y + i)).Store(x + i);
        for (; i < count; i++)
            x[i] += y[i];
    }
}
