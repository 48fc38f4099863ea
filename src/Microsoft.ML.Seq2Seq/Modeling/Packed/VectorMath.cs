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
        x = Vector512.MaxNative(least, x); // of a NaN, the second operand
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
        // 2ⁿ by its exponent bits, where no instruction makes it.
        return Avx512F.IsSupported
            ? Avx512F.Scale(p, n)
            : p * Vector512.ShiftLeft(Vector512.ConvertToInt32Native(n) + Vector512.Create(127), 23).AsSingle();
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
    /// <param name="stride">Elements from one row to the next, at least as many as <paramref name="count"/> rounded up to sixteens.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Softmax(float* scores, int rows, int count, int stride)
    {
        int last = (count - 1) & ~15;
        // Kept in a register: written to memory, it would hold up the load of the whole vector.
        var isScore = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count - last)).AsSingle();
        var none = Vector512.Create(float.NegativeInfinity);
        // Four rows at a time, so that none waits for its own sums. Behind the last one, it is taken again for nothing: all
        // four are read before any is written.
        for (int row = 0; row < rows; row += 4)
        {
            float* x0 = scores + row * stride, x1 = scores + Math.Min(row + 1, rows - 1) * stride;
            float* x2 = scores + Math.Min(row + 2, rows - 1) * stride, x3 = scores + Math.Min(row + 3, rows - 1) * stride;
            var t0 = Vector512.ConditionalSelect(isScore, Vector512.Load(x0 + last), none);
            var t1 = Vector512.ConditionalSelect(isScore, Vector512.Load(x1 + last), none);
            var t2 = Vector512.ConditionalSelect(isScore, Vector512.Load(x2 + last), none);
            var t3 = Vector512.ConditionalSelect(isScore, Vector512.Load(x3 + last), none);
            Vector512<float> m0 = t0, m1 = t1, m2 = t2, m3 = t3;
            for (int i = 0; i < last; i += 16)
            {
                m0 = Vector512.MaxNative(m0, Vector512.Load(x0 + i));
                m1 = Vector512.MaxNative(m1, Vector512.Load(x1 + i));
                m2 = Vector512.MaxNative(m2, Vector512.Load(x2 + i));
                m3 = Vector512.MaxNative(m3, Vector512.Load(x3 + i));
            }
            var largest = Largest(m0, m1, m2, m3);
            m0 = Vector512.Create(largest[0]);
            m1 = Vector512.Create(largest[1]);
            m2 = Vector512.Create(largest[2]);
            m3 = Vector512.Create(largest[3]);
            (t0, t1, t2, t3) = (Exp(t0 - m0), Exp(t1 - m1), Exp(t2 - m2), Exp(t3 - m3));
            Vector512<float> s0 = t0, s1 = t1, s2 = t2, s3 = t3;
            for (int i = 0; i < last; i += 16)
            {
                Vector512<float> e0 = Exp(Vector512.Load(x0 + i) - m0), e1 = Exp(Vector512.Load(x1 + i) - m1);
                Vector512<float> e2 = Exp(Vector512.Load(x2 + i) - m2), e3 = Exp(Vector512.Load(x3 + i) - m3);
                (s0, s1, s2, s3) = (s0 + e0, s1 + e1, s2 + e2, s3 + e3);
                e0.Store(x0 + i);
                e1.Store(x1 + i);
                e2.Store(x2 + i);
                e3.Store(x3 + i);
            }
            var factors = Vector128<float>.One / Sums(s0, s1, s2, s3);
            m0 = Vector512.Create(factors[0]);
            m1 = Vector512.Create(factors[1]);
            m2 = Vector512.Create(factors[2]);
            m3 = Vector512.Create(factors[3]);
            for (int i = 0; i < last; i += 16)
            {
                Vector512<float> e0 = Vector512.Load(x0 + i) * m0, e1 = Vector512.Load(x1 + i) * m1;
                Vector512<float> e2 = Vector512.Load(x2 + i) * m2, e3 = Vector512.Load(x3 + i) * m3;
                e0.Store(x0 + i);
                e1.Store(x1 + i);
                e2.Store(x2 + i);
                e3.Store(x3 + i);
            }
            (t0 * m0).Store(x0 + last);
            (t1 * m1).Store(x1 + last);
            (t2 * m2).Store(x2 + last);
            (t3 * m3).Store(x3 + last);
        }
    }

    /// <summary>The largest number of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Largest(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        if (!Avx512F.IsSupported)
            return Vector128.Create(Largest(a), Largest(b), Largest(c), Largest(d));
        // As in Sums.
        var ab = Vector512.MaxNative(Avx512F.UnpackLow(a, b), Avx512F.UnpackHigh(a, b));
        var cd = Vector512.MaxNative(Avx512F.UnpackLow(c, d), Avx512F.UnpackHigh(c, d));
        var all = Vector512.MaxNative(Avx512F.UnpackLow(ab.AsDouble(), cd.AsDouble()).AsSingle(), Avx512F.UnpackHigh(ab.AsDouble(), cd.AsDouble()).AsSingle());
        var half = Vector256.MaxNative(all.GetLower(), all.GetUpper());
        return Vector128.MaxNative(half.GetLower(), half.GetUpper());
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

    /// <summary>Fetches a cache line, 64 bytes, that is wanted soon. What reads memory in order is fetched by the hardware
    /// too, but it begins anew with every page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }

    /// <summary>Fetches two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchTwo(void* address)
    {
        Prefetch(address);
        Prefetch((byte*)address + 64);
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
