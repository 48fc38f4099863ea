using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Products of rows with a panel in registers of eight numbers, of which there are 16: up to six rows with 16 outputs
/// at once, or fewer rows with more.</summary>
internal static unsafe class PanelKernel256<TFormat>
    where TFormat : struct, IPanelFormat
{
    private static nint PairBytes => 2 * PackedMatrix.Strip * TFormat.Size;

    /// <summary>All outputs of one panel.</summary>
    /// <param name="x">(rows, inputs), rows <paramref name="width"/> apart.</param>
    /// <param name="panel">[4 strips][inputs / 2][a pair of inputs]</param>
    /// <param name="y">The panel's outputs of the first row; rows are <paramref name="outputWidth"/> apart.</param>
    /// <param name="bias">The panel's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        float* x, int rows, nint width, byte* panel, int pairs, float* y, nint outputWidth, float* bias, Epilogue epilogue)
    {
        int row = 0;
        nint stripBytes = pairs * PairBytes;
        // A strip stays in the first-level cache while the rows pass by.
        for (int first = 0; rows > 2 && first < PackedMatrix.Panel; first += PackedMatrix.Strip)
        {
            byte* strip = panel + first / PackedMatrix.Strip * stripBytes;
            float* result = y + first;
            for (row = 0; rows - row > 2;)
            {
                float* input = x + row * width;
                float* output = result + row * outputWidth;
                switch (rows - row)
                {
                    case 3 or 5: // 3 and 2 cost less than 4 and 1
                        ThreeRows(input, width, strip, pairs, output, outputWidth, bias + first, epilogue);
                        row += 3;
                        break;
                    case 4 or 7 or 8:
                        FourRows(input, width, strip, pairs, output, outputWidth, bias + first, epilogue);
                        row += 4;
                        break;
                    default:
                        SixRows(input, width, strip, pairs, output, outputWidth, bias + first, epilogue);
                        row += 6;
                        break;
                }
            }
        }
        if (rows - row == 2)
            for (int first = 0; first < PackedMatrix.Panel; first += 2 * PackedMatrix.Strip)
                TwoRows(
                    x + row * width, width, panel + first / PackedMatrix.Strip * stripBytes, pairs, y + row * outputWidth + first, outputWidth,
                    bias + first, epilogue);
        else if (rows - row == 1)
            OneRow(x + row * width, panel, pairs, y + row * outputWidth, bias, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneRow(float* x, byte* panel, int pairs, float* y, float* bias, Epilogue epilogue)
    {
        nint step = PairBytes; // a call within the loop would cost all registers
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        byte* second = panel + pairs * step, third = second + pairs * step, fourth = third + pairs * step;
        for (nint i = 0; i < pairs * step; i += step, x += 2)
        {
            TFormat.Prefetch8(panel + i + PackedMatrix.PrefetchDistance);
            TFormat.Prefetch8(second + i + PackedMatrix.PrefetchDistance);
            TFormat.Prefetch8(third + i + PackedMatrix.PrefetchDistance);
            TFormat.Prefetch8(fourth + i + PackedMatrix.PrefetchDistance);
            var input = Vector256.Create(x[0]);
            a0 = Add(input, TFormat.First8(panel + i, 0), a0);
            a1 = Add(input, TFormat.First8(panel + i, 1), a1);
            a2 = Add(input, TFormat.First8(second + i, 0), a2);
            a3 = Add(input, TFormat.First8(second + i, 1), a3);
            a4 = Add(input, TFormat.First8(third + i, 0), a4);
            a5 = Add(input, TFormat.First8(third + i, 1), a5);
            a6 = Add(input, TFormat.First8(fourth + i, 0), a6);
            a7 = Add(input, TFormat.First8(fourth + i, 1), a7);
            input = Vector256.Create(x[1]);
            a0 = Add(input, TFormat.Second8(panel + i, 0), a0);
            a1 = Add(input, TFormat.Second8(panel + i, 1), a1);
            a2 = Add(input, TFormat.Second8(second + i, 0), a2);
            a3 = Add(input, TFormat.Second8(second + i, 1), a3);
            a4 = Add(input, TFormat.Second8(third + i, 0), a4);
            a5 = Add(input, TFormat.Second8(third + i, 1), a5);
            a6 = Add(input, TFormat.Second8(fourth + i, 0), a6);
            a7 = Add(input, TFormat.Second8(fourth + i, 1), a7);
        }
        Finish(a0, a1, y, bias, epilogue);
        Finish(a2, a3, y + 16, bias + 16, epilogue);
        Finish(a4, a5, y + 32, bias + 32, epilogue);
        Finish(a6, a7, y + 48, bias + 48, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoRows(
        float* x, nint width, byte* strip, int pairs, float* y, nint outputWidth, float* bias, Epilogue epilogue)
    {
        nint step = PairBytes;
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<float> b0 = default, b1 = default, b2 = default, b3 = default;
        nint stripBytes = pairs * step;
        for (byte* end = strip + pairs * step; strip < end; strip += step, x += 2)
        {
            byte* next = strip + stripBytes;
            TFormat.Prefetch8(strip + PackedMatrix.PrefetchDistance);
            TFormat.Prefetch8(next + PackedMatrix.PrefetchDistance);
            Vector256<float> w0 = TFormat.First8(strip, 0), w1 = TFormat.First8(strip, 1);
            Vector256<float> w2 = TFormat.First8(next, 0), w3 = TFormat.First8(next, 1);
            var input = Vector256.Create(x[0]);
            (a0, a1, a2, a3) = (Add(input, w0, a0), Add(input, w1, a1), Add(input, w2, a2), Add(input, w3, a3));
            input = Vector256.Create(x[width]);
            (b0, b1, b2, b3) = (Add(input, w0, b0), Add(input, w1, b1), Add(input, w2, b2), Add(input, w3, b3));
            (w0, w1) = (TFormat.Second8(strip, 0), TFormat.Second8(strip, 1));
            (w2, w3) = (TFormat.Second8(next, 0), TFormat.Second8(next, 1));
            input = Vector256.Create(x[1]);
            (a0, a1, a2, a3) = (Add(input, w0, a0), Add(input, w1, a1), Add(input, w2, a2), Add(input, w3, a3));
            input = Vector256.Create(x[width + 1]);
            (b0, b1, b2, b3) = (Add(input, w0, b0), Add(input, w1, b1), Add(input, w2, b2), Add(input, w3, b3));
        }
        Finish(a0, a1, y, bias, epilogue);
        Finish(a2, a3, y + 16, bias + 16, epilogue);
        Finish(b0, b1, y + outputWidth, bias, epilogue);
        Finish(b2, b3, y + outputWidth + 16, bias + 16, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ThreeRows(
        float* x, nint width, byte* strip, int pairs, float* y, nint outputWidth, float* bias, Epilogue epilogue)
    {
        nint step = PairBytes;
        Vector256<float> a0 = default, a1 = default;
        Vector256<float> b0 = default, b1 = default;
        Vector256<float> c0 = default, c1 = default;
        for (byte* end = strip + pairs * step; strip < end; strip += step, x += 2)
        {
            TFormat.Prefetch8(strip + PackedMatrix.PrefetchDistance);
            Vector256<float> w0 = TFormat.First8(strip, 0), w1 = TFormat.First8(strip, 1);
            var input = Vector256.Create(x[0]);
            (a0, a1) = (Add(input, w0, a0), Add(input, w1, a1));
            input = Vector256.Create(x[width]);
            (b0, b1) = (Add(input, w0, b0), Add(input, w1, b1));
            input = Vector256.Create(x[2 * width]);
            (c0, c1) = (Add(input, w0, c0), Add(input, w1, c1));
            (w0, w1) = (TFormat.Second8(strip, 0), TFormat.Second8(strip, 1));
            input = Vector256.Create(x[1]);
            (a0, a1) = (Add(input, w0, a0), Add(input, w1, a1));
            input = Vector256.Create(x[width + 1]);
            (b0, b1) = (Add(input, w0, b0), Add(input, w1, b1));
            input = Vector256.Create(x[2 * width + 1]);
            (c0, c1) = (Add(input, w0, c0), Add(input, w1, c1));
        }
        Finish(a0, a1, y, bias, epilogue);
        Finish(b0, b1, y + outputWidth, bias, epilogue);
        Finish(c0, c1, y + 2 * outputWidth, bias, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(
        float* x, nint width, byte* strip, int pairs, float* y, nint outputWidth, float* bias, Epilogue epilogue)
    {
        nint step = PairBytes;
        Vector256<float> a0 = default, a1 = default;
        Vector256<float> b0 = default, b1 = default;
        Vector256<float> c0 = default, c1 = default;
        Vector256<float> d0 = default, d1 = default;
        float* x3 = x + 3 * width;
        for (byte* end = strip + pairs * step; strip < end; strip += step, x += 2, x3 += 2)
        {
            TFormat.Prefetch8(strip + PackedMatrix.PrefetchDistance);
            Vector256<float> w0 = TFormat.First8(strip, 0), w1 = TFormat.First8(strip, 1);
            var input = Vector256.Create(x[0]);
            (a0, a1) = (Add(input, w0, a0), Add(input, w1, a1));
            input = Vector256.Create(x[width]);
            (b0, b1) = (Add(input, w0, b0), Add(input, w1, b1));
            input = Vector256.Create(x[2 * width]);
            (c0, c1) = (Add(input, w0, c0), Add(input, w1, c1));
            input = Vector256.Create(x3[0]);
            (d0, d1) = (Add(input, w0, d0), Add(input, w1, d1));
            (w0, w1) = (TFormat.Second8(strip, 0), TFormat.Second8(strip, 1));
            input = Vector256.Create(x[1]);
            (a0, a1) = (Add(input, w0, a0), Add(input, w1, a1));
            input = Vector256.Create(x[width + 1]);
            (b0, b1) = (Add(input, w0, b0), Add(input, w1, b1));
            input = Vector256.Create(x[2 * width + 1]);
            (c0, c1) = (Add(input, w0, c0), Add(input, w1, c1));
            input = Vector256.Create(x3[1]);
            (d0, d1) = (Add(input, w0, d0), Add(input, w1, d1));
        }
        Finish(a0, a1, y, bias, epilogue);
        Finish(b0, b1, y + outputWidth, bias, epilogue);
        Finish(c0, c1, y + 2 * outputWidth, bias, epilogue);
        Finish(d0, d1, y + 3 * outputWidth, bias, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SixRows(
        float* x, nint width, byte* strip, int pairs, float* y, nint outputWidth, float* bias, Epilogue epilogue)
    {
        nint step = PairBytes;
        Vector256<float> a0 = default, a1 = default;
        Vector256<float> b0 = default, b1 = default;
        Vector256<float> c0 = default, c1 = default;
        Vector256<float> d0 = default, d1 = default;
        Vector256<float> e0 = default, e1 = default;
        Vector256<float> f0 = default, f1 = default;
        float* x3 = x + 3 * width;
        for (byte* end = strip + pairs * step; strip < end; strip += step, x += 2, x3 += 2)
        {
            TFormat.Prefetch8(strip + PackedMatrix.PrefetchDistance);
            Vector256<float> w0 = TFormat.First8(strip, 0), w1 = TFormat.First8(strip, 1);
            var input = Vector256.Create(x[0]);
            (a0, a1) = (Add(input, w0, a0), Add(input, w1, a1));
            input = Vector256.Create(x[width]);
            (b0, b1) = (Add(input, w0, b0), Add(input, w1, b1));
            input = Vector256.Create(x[2 * width]);
            (c0, c1) = (Add(input, w0, c0), Add(input, w1, c1));
            input = Vector256.Create(x3[0]);
            (d0, d1) = (Add(input, w0, d0), Add(input, w1, d1));
            input = Vector256.Create(x3[width]);
            (e0, e1) = (Add(input, w0, e0), Add(input, w1, e1));
            input = Vector256.Create(x3[2 * width]);
            (f0, f1) = (Add(input, w0, f0), Add(input, w1, f1));
            (w0, w1) = (TFormat.Second8(strip, 0), TFormat.Second8(strip, 1));
            input = Vector256.Create(x[1]);
            (a0, a1) = (Add(input, w0, a0), Add(input, w1, a1));
            input = Vector256.Create(x[width + 1]);
            (b0, b1) = (Add(input, w0, b0), Add(input, w1, b1));
            input = Vector256.Create(x[2 * width + 1]);
            (c0, c1) = (Add(input, w0, c0), Add(input, w1, c1));
            input = Vector256.Create(x3[1]);
            (d0, d1) = (Add(input, w0, d0), Add(input, w1, d1));
            input = Vector256.Create(x3[width + 1]);
            (e0, e1) = (Add(input, w0, e0), Add(input, w1, e1));
            input = Vector256.Create(x3[2 * width + 1]);
            (f0, f1) = (Add(input, w0, f0), Add(input, w1, f1));
        }
        Finish(a0, a1, y, bias, epilogue);
        Finish(b0, b1, y + outputWidth, bias, epilogue);
        Finish(c0, c1, y + 2 * outputWidth, bias, epilogue);
        Finish(d0, d1, y + 3 * outputWidth, bias, epilogue);
        Finish(e0, e1, y + 4 * outputWidth, bias, epilogue);
        Finish(f0, f1, y + 5 * outputWidth, bias, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> x, Vector256<float> weight, Vector256<float> sum) =>
        Vector256.FusedMultiplyAdd(x, weight, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(Vector256<float> s0, Vector256<float> s1, float* y, float* bias, Epilogue epilogue)
    {
        s0 += Vector256.Load(bias);
        s1 += Vector256.Load(bias + 8);
        if (epilogue == Epilogue.StoreRelu)
            (s0, s1) = (Vector256.Max(s0, default), Vector256.Max(s1, default));
        else if (epilogue == Epilogue.Add)
            (s0, s1) = (s0 + Vector256.Load(y), s1 + Vector256.Load(y + 8));
        s0.Store(y);
        s1.Store(y + 8);
    }
}
