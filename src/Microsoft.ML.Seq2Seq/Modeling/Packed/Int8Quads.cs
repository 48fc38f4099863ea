using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Sums of products of integers of 8 bits, four at a time, by the instruction that some machines have for them
/// (AVX-VNNI).</summary>
internal static unsafe class Int8Quads
{
    public const int Group = 4; // inputs that one instruction sums up

    public const int Block = 32; // outputs of four registers of eight sums

    public static bool IsSupported => AvxVnni.IsSupported;

    /// <summary>All rows with the outputs of one block.</summary>
    /// <param name="x">(rows, inputs) rounded, rows <paramref name="width"/> apart.</param>
    /// <param name="ranges">(rows)</param>
    /// <param name="weights">[inputs / 4][32][4]</param>
    /// <param name="y">The block's outputs of the first row; rows are <paramref name="outputWidth"/> apart.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        byte* x, int width, RowRange* ranges, int rows, sbyte* weights, int groups, float* y, nint outputWidth, float* bias, float* scales,
        int* sums, Epilogue epilogue)
    {
        for (int row = 0; row < rows;)
        {
            byte* input = x + row * width;
            float* result = y + row * outputWidth;
            if (rows - row >= 4)
            {
                FourRows(input, width, weights, groups, result, outputWidth, bias, scales, sums, ranges + row, epilogue);
                row += 4;
            }
            else if (rows - row >= 2)
            {
                TwoRows(input, width, weights, groups, result, outputWidth, bias, scales, sums, ranges + row, epilogue);
                row += 2;
            }
            else
                OneRow(input, weights, groups, result, bias, scales, sums, ranges + row++, epilogue);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneRow(
        byte* x, sbyte* weights, int groups, float* y, float* bias, float* scales, int* sums, RowRange* range, Epilogue epilogue)
    {
        // Two sums for each output, so that none waits for another.
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        int g = 0;
        for (; g < groups - 1; g += 2, x += 2 * Group, weights += 2 * Block * Group)
        {
            VectorMath.PrefetchFour(weights + PackedMatrix.PrefetchDistance);
            var input = Inputs4(x);
            a0 = Dot(a0, input, weights);
            a1 = Dot(a1, input, weights + 32);
            a2 = Dot(a2, input, weights + 64);
            a3 = Dot(a3, input, weights + 96);
            input = Inputs4(x + Group);
            b0 = Dot(b0, input, weights + 128);
            b1 = Dot(b1, input, weights + 160);
            b2 = Dot(b2, input, weights + 192);
            b3 = Dot(b3, input, weights + 224);
        }
        if (g < groups)
        {
            var input = Inputs4(x);
            a0 = Dot(a0, input, weights);
            a1 = Dot(a1, input, weights + 32);
            a2 = Dot(a2, input, weights + 64);
            a3 = Dot(a3, input, weights + 96);
        }
        Finish(a0 + b0, a1 + b1, a2 + b2, a3 + b3, y, bias, scales, sums, range, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoRows(
        byte* x, int width, sbyte* weights, int groups, float* y, nint outputWidth, float* bias, float* scales, int* sums,
        RowRange* ranges, Epilogue epilogue)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        byte* second = x + width;
        for (int g = 0; g < groups; g++, x += Group, second += Group, weights += Block * Group)
        {
            VectorMath.PrefetchTwo(weights + PackedMatrix.PrefetchDistance);
            Vector256<sbyte> w0 = Vector256.Load(weights), w1 = Vector256.Load(weights + 32);
            Vector256<sbyte> w2 = Vector256.Load(weights + 64), w3 = Vector256.Load(weights + 96);
            var input = Inputs4(x);
            (a0, a1, a2, a3) = (Dot(a0, input, w0), Dot(a1, input, w1), Dot(a2, input, w2), Dot(a3, input, w3));
            input = Inputs4(second);
            (b0, b1, b2, b3) = (Dot(b0, input, w0), Dot(b1, input, w1), Dot(b2, input, w2), Dot(b3, input, w3));
        }
        Finish(a0, a1, a2, a3, y, bias, scales, sums, ranges, epilogue);
        Finish(b0, b1, b2, b3, y + outputWidth, bias, scales, sums, ranges + 1, epilogue);
    }

    /// <summary>Sixteen sums: the instruction's sums can only be in registers 0 to 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(
        byte* x, int width, sbyte* weights, int groups, float* y, nint outputWidth, float* bias, float* scales, int* sums,
        RowRange* ranges, Epilogue epilogue)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        Vector256<int> c0 = default, c1 = default, c2 = default, c3 = default;
        Vector256<int> d0 = default, d1 = default, d2 = default, d3 = default;
        byte* second = x + width, third = second + width, fourth = third + width;
        for (nint i = 0; i < groups * Group; i += Group, weights += Block * Group)
        {
            VectorMath.PrefetchTwo(weights + PackedMatrix.PrefetchDistance);
            Vector256<sbyte> w0 = Vector256.Load(weights), w1 = Vector256.Load(weights + 32);
            Vector256<sbyte> w2 = Vector256.Load(weights + 64), w3 = Vector256.Load(weights + 96);
            var input = Inputs4(x + i);
            (a0, a1, a2, a3) = (Dot(a0, input, w0), Dot(a1, input, w1), Dot(a2, input, w2), Dot(a3, input, w3));
            input = Inputs4(second + i);
            (b0, b1, b2, b3) = (Dot(b0, input, w0), Dot(b1, input, w1), Dot(b2, input, w2), Dot(b3, input, w3));
            input = Inputs4(third + i);
            (c0, c1, c2, c3) = (Dot(c0, input, w0), Dot(c1, input, w1), Dot(c2, input, w2), Dot(c3, input, w3));
            input = Inputs4(fourth + i);
            (d0, d1, d2, d3) = (Dot(d0, input, w0), Dot(d1, input, w1), Dot(d2, input, w2), Dot(d3, input, w3));
        }
        Finish(a0, a1, a2, a3, y, bias, scales, sums, ranges, epilogue);
        Finish(b0, b1, b2, b3, y + outputWidth, bias, scales, sums, ranges + 1, epilogue);
        Finish(c0, c1, c2, c3, y + 2 * outputWidth, bias, scales, sums, ranges + 2, epilogue);
        Finish(d0, d1, d2, d3, y + 3 * outputWidth, bias, scales, sums, ranges + 3, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Inputs4(byte* x) => Vector256.Create(*(int*)x).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> x, sbyte* weights) => Dot(sum, x, Vector256.Load(weights));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> x, Vector256<sbyte> weights) =>
        AvxVnni.IsSupported ? AvxVnni.MultiplyWideningAndAdd(sum, x, weights) : sum + PlainDot(x, weights);

    /// <summary>So that tests on any machine see what the others compute; <see cref="Int8Pairs"/> is what is fast there.</summary>
    private static Vector256<int> PlainDot(Vector256<byte> x, Vector256<sbyte> weights)
    {
        Vector256<int> sums = default;
        for (int i = 0; i < Vector256<byte>.Count; i++)
            sums = sums.WithElement(i / Group, sums[i / Group] + x[i] * weights[i]);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(
        Vector256<int> s0, Vector256<int> s1, Vector256<int> s2, Vector256<int> s3, float* y, float* bias, float* scales, int* sums,
        RowRange* range, Epilogue epilogue)
    {
        Int8Matrix.Finish(s0, y, bias, scales, sums, range, epilogue);
        Int8Matrix.Finish(s1, y + 8, bias + 8, scales + 8, sums + 8, range, epilogue);
        Int8Matrix.Finish(s2, y + 16, bias + 16, scales + 16, sums + 16, range, epilogue);
        Int8Matrix.Finish(s3, y + 24, bias + 24, scales + 24, sums + 24, range, epilogue);
    }
}
