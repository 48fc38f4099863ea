using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>The same sums as <see cref="Int8Quads"/>, two products at a time, of integers widened to 16 bits: what AVX2 has an
/// instruction for, and every machine does somehow. (AVX2 also sums products of 8 bits, but into 16, where they overflow.)</summary>
internal static unsafe class Int8Pairs
{
    public const int Group = 2; // inputs that one instruction sums up

    public const int Block = 32; // outputs of four registers of eight sums

    public static bool IsFast => Avx2.IsSupported;

    /// <inheritdoc cref="Int8Quads.Multiply"/>
    /// <param name="weights">[inputs / 2][32][2]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        short* x, int width, RowRange* ranges, int rows, sbyte* weights, int groups, float* y, nint outputWidth, float* bias, float* scales,
        int* sums, Epilogue epilogue)
    {
        int row = 0;
        for (; row <= rows - 4; row += 4)
            for (int output = 0; output < Block; output += 16)
                FourRows(
                    x + row * width, width, weights + Group * output, groups, y + row * outputWidth + output, outputWidth, bias + output,
                    scales + output, sums + output, ranges + row, epilogue);
        for (; row <= rows - 2; row += 2)
            TwoRows(x + row * width, width, weights, groups, y + row * outputWidth, outputWidth, bias, scales, sums, ranges + row, epilogue);
        if (row < rows)
            OneRow(x + row * width, weights, groups, y + row * outputWidth, bias, scales, sums, ranges + row, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneRow(
        short* x, sbyte* weights, int groups, float* y, float* bias, float* scales, int* sums, RowRange* range, Epilogue epilogue)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        for (int g = 0; g < groups; g++, x += Group, weights += Block * Group)
        {
            VectorMath.Prefetch(weights + PackedMatrix.PrefetchDistance);
            var input = Inputs2(x);
            a0 += Dot(input, Weights(weights));
            a1 += Dot(input, Weights(weights + 16));
            a2 += Dot(input, Weights(weights + 32));
            a3 += Dot(input, Weights(weights + 48));
        }
        Finish(a0, a1, y, bias, scales, sums, range, epilogue);
        Finish(a2, a3, y + 16, bias + 16, scales + 16, sums + 16, range, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoRows(
        short* x, int width, sbyte* weights, int groups, float* y, nint outputWidth, float* bias, float* scales, int* sums,
        RowRange* ranges, Epilogue epilogue)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        short* second = x + width;
        for (int g = 0; g < groups; g++, x += Group, second += Group, weights += Block * Group)
        {
            VectorMath.Prefetch(weights + PackedMatrix.PrefetchDistance);
            Vector256<short> first = Inputs2(x), other = Inputs2(second);
            var w = Weights(weights);
            (a0, b0) = (a0 + Dot(first, w), b0 + Dot(other, w));
            w = Weights(weights + 16);
            (a1, b1) = (a1 + Dot(first, w), b1 + Dot(other, w));
            w = Weights(weights + 32);
            (a2, b2) = (a2 + Dot(first, w), b2 + Dot(other, w));
            w = Weights(weights + 48);
            (a3, b3) = (a3 + Dot(first, w), b3 + Dot(other, w));
        }
        Finish(a0, a1, y, bias, scales, sums, ranges, epilogue);
        Finish(a2, a3, y + 16, bias + 16, scales + 16, sums + 16, ranges, epilogue);
        Finish(b0, b1, y + outputWidth, bias, scales, sums, ranges + 1, epilogue);
        Finish(b2, b3, y + outputWidth + 16, bias + 16, scales + 16, sums + 16, ranges + 1, epilogue);
    }

    /// <summary>Half of the block's outputs: all of them would not find room in sixteen registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(
        short* x, int width, sbyte* weights, int groups, float* y, nint outputWidth, float* bias, float* scales, int* sums,
        RowRange* ranges, Epilogue epilogue)
    {
        Vector256<int> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        short* second = x + width, third = second + width, fourth = third + width;
        for (nint i = 0; i < groups * Group; i += Group, weights += Block * Group)
        {
            VectorMath.Prefetch(weights + PackedMatrix.PrefetchDistance);
            Vector256<short> w0 = Weights(weights), w1 = Weights(weights + 16);
            var input = Inputs2(x + i);
            (a0, a1) = (a0 + Dot(input, w0), a1 + Dot(input, w1));
            input = Inputs2(second + i);
            (b0, b1) = (b0 + Dot(input, w0), b1 + Dot(input, w1));
            input = Inputs2(third + i);
            (c0, c1) = (c0 + Dot(input, w0), c1 + Dot(input, w1));
            input = Inputs2(fourth + i);
            (d0, d1) = (d0 + Dot(input, w0), d1 + Dot(input, w1));
        }
        Finish(a0, a1, y, bias, scales, sums, ranges, epilogue);
        Finish(b0, b1, y + outputWidth, bias, scales, sums, ranges + 1, epilogue);
        Finish(c0, c1, y + 2 * outputWidth, bias, scales, sums, ranges + 2, epilogue);
        Finish(d0, d1, y + 3 * outputWidth, bias, scales, sums, ranges + 3, epilogue);
    }

    /// <summary>A pair of inputs, for eight outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Inputs2(short* x) => Vector256.Create(*(int*)x).AsInt16();

    /// <summary>Those of eight outputs for a pair of inputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Weights(sbyte* weights)
    {
        if (Avx2.IsSupported)
            return Avx2.ConvertToVector256Int16(weights);
        var (lower, upper) = Vector128.Widen(Vector128.Load(weights));
        return Vector256.Create(lower, upper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(Vector256<short> x, Vector256<short> weights)
    {
        if (Avx2.IsSupported)
            return Avx2.MultiplyAddAdjacent(x, weights);
        // The second of each pair is in the upper half of 32 bits.
        var seconds = Vector256.ShiftRightArithmetic(x.AsInt32(), 16) * Vector256.ShiftRightArithmetic(weights.AsInt32(), 16);
        return seconds + First(x) * First(weights);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> First(Vector256<short> pairs) =>
        Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(pairs.AsInt32(), 16), 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(
        Vector256<int> s0, Vector256<int> s1, float* y, float* bias, float* scales, int* sums, RowRange* range, Epilogue epilogue)
    {
        Int8Matrix.Finish(s0, y, bias, scales, sums, range, epilogue);
        Int8Matrix.Finish(s1, y + 8, bias + 8, scales + 8, sums + 8, range, epilogue);
    }
}
