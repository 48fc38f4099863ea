using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Products of rows with a panel in registers of sixteen numbers, of which there are 32: up to six rows with all 64
/// outputs at once.</summary>
internal static unsafe class PanelKernel512<TFormat>
    where TFormat : struct, IPanelFormat
{
    private static nint PairBytes => 2 * PackedMatrix.Panel * TFormat.Size;

    /// <inheritdoc cref="PanelKernel256{TFormat}.Multiply"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        float* x, int rows, nint width, byte* panel, int pairs, float* y, nint outputWidth, float* bias, Epilogue epilogue)
    {
        for (int row = 0; row < rows;)
        {
            float* input = x + row * width, result = y + row * outputWidth;
            int left = rows - row;
            switch (left == 8 ? 4 : left) // 4 and 4 cost less than 6 and 2
            {
                case >= 6:
                    SixRows(input, width, panel, pairs, result, outputWidth, bias, epilogue);
                    row += 6;
                    break;
                case 4 or 5:
                    FourRows(input, width, panel, pairs, result, outputWidth, bias, epilogue);
                    row += 4;
                    break;
                case 2 or 3:
                    TwoRows(input, width, panel, pairs, result, outputWidth, bias, epilogue);
                    row += 2;
                    break;
                default:
                    OneRow(input, panel, pairs, result, bias, epilogue);
                    row++;
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneRow(float* x, byte* panel, int pairs, float* y, float* bias, Epilogue epilogue)
    {
        nint step = PairBytes; // a call within the loop would cost all registers
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        for (byte* end = panel + pairs * step; panel < end; panel += step, x += 2)
        {
            TFormat.Prefetch(panel + PackedMatrix.PrefetchDistance);
            var input = Vector512.Create(x[0]);
            a0 = Add(input, TFormat.First(panel, 0), a0);
            a1 = Add(input, TFormat.First(panel, 1), a1);
            a2 = Add(input, TFormat.First(panel, 2), a2);
            a3 = Add(input, TFormat.First(panel, 3), a3);
            input = Vector512.Create(x[1]);
            a0 = Add(input, TFormat.Second(panel, 0), a0);
            a1 = Add(input, TFormat.Second(panel, 1), a1);
            a2 = Add(input, TFormat.Second(panel, 2), a2);
            a3 = Add(input, TFormat.Second(panel, 3), a3);
        }
        Finish(a0, a1, a2, a3, y, bias, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoRows(float* x, nint width, byte* panel, int pairs, float* y, nint outputWidth, float* bias, Epilogue epilogue)
    {
        nint step = PairBytes; // a call within the loop would cost all registers
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default;
        for (byte* end = panel + pairs * step; panel < end; panel += step, x += 2)
        {
            TFormat.Prefetch(panel + PackedMatrix.PrefetchDistance);
            Vector512<float> w0 = TFormat.First(panel, 0), w1 = TFormat.First(panel, 1), w2 = TFormat.First(panel, 2), w3 = TFormat.First(panel, 3);
            var input = Vector512.Create(x[0]);
            (a0, a1, a2, a3) = (Add(input, w0, a0), Add(input, w1, a1), Add(input, w2, a2), Add(input, w3, a3));
            input = Vector512.Create(x[width]);
            (b0, b1, b2, b3) = (Add(input, w0, b0), Add(input, w1, b1), Add(input, w2, b2), Add(input, w3, b3));
            (w0, w1, w2, w3) = (TFormat.Second(panel, 0), TFormat.Second(panel, 1), TFormat.Second(panel, 2), TFormat.Second(panel, 3));
            input = Vector512.Create(x[1]);
            (a0, a1, a2, a3) = (Add(input, w0, a0), Add(input, w1, a1), Add(input, w2, a2), Add(input, w3, a3));
            input = Vector512.Create(x[width + 1]);
            (b0, b1, b2, b3) = (Add(input, w0, b0), Add(input, w1, b1), Add(input, w2, b2), Add(input, w3, b3));
        }
        Finish(a0, a1, a2, a3, y, bias, epilogue);
        Finish(b0, b1, b2, b3, y + outputWidth, bias, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(float* x, nint width, byte* panel, int pairs, float* y, nint outputWidth, float* bias, Epilogue epilogue)
    {
        nint step = PairBytes; // a call within the loop would cost all registers
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default;
        Vector512<float> d0 = default, d1 = default, d2 = default, d3 = default;
        float* x2 = x + 2 * width;
        for (byte* end = panel + pairs * step; panel < end; panel += step, x += 2, x2 += 2)
        {
            TFormat.Prefetch(panel + PackedMatrix.PrefetchDistance);
            Vector512<float> w0 = TFormat.First(panel, 0), w1 = TFormat.First(panel, 1), w2 = TFormat.First(panel, 2), w3 = TFormat.First(panel, 3);
            var input = Vector512.Create(x[0]);
            (a0, a1, a2, a3) = (Add(input, w0, a0), Add(input, w1, a1), Add(input, w2, a2), Add(input, w3, a3));
            input = Vector512.Create(x[width]);
            (b0, b1, b2, b3) = (Add(input, w0, b0), Add(input, w1, b1), Add(input, w2, b2), Add(input, w3, b3));
            input = Vector512.Create(x2[0]);
            (c0, c1, c2, c3) = (Add(input, w0, c0), Add(input, w1, c1), Add(input, w2, c2), Add(input, w3, c3));
            input = Vector512.Create(x2[width]);
            (d0, d1, d2, d3) = (Add(input, w0, d0), Add(input, w1, d1), Add(input, w2, d2), Add(input, w3, d3));
            (w0, w1, w2, w3) = (TFormat.Second(panel, 0), TFormat.Second(panel, 1), TFormat.Second(panel, 2), TFormat.Second(panel, 3));
            input = Vector512.Create(x[1]);
            (a0, a1, a2, a3) = (Add(input, w0, a0), Add(input, w1, a1), Add(input, w2, a2), Add(input, w3, a3));
            input = Vector512.Create(x[width + 1]);
            (b0, b1, b2, b3) = (Add(input, w0, b0), Add(input, w1, b1), Add(input, w2, b2), Add(input, w3, b3));
            input = Vector512.Create(x2[1]);
            (c0, c1, c2, c3) = (Add(input, w0, c0), Add(input, w1, c1), Add(input, w2, c2), Add(input, w3, c3));
            input = Vector512.Create(x2[width + 1]);
            (d0, d1, d2, d3) = (Add(input, w0, d0), Add(input, w1, d1), Add(input, w2, d2), Add(input, w3, d3));
        }
        Finish(a0, a1, a2, a3, y, bias, epilogue);
        Finish(b0, b1, b2, b3, y + outputWidth, bias, epilogue);
        Finish(c0, c1, c2, c3, y + 2 * outputWidth, bias, epilogue);
        Finish(d0, d1, d2, d3, y + 3 * outputWidth, bias, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SixRows(float* x, nint width, byte* panel, int pairs, float* y, nint outputWidth, float* bias, Epilogue epilogue)
    {
        nint step = PairBytes; // a call within the loop would cost all registers
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default;
        Vector512<float> d0 = default, d1 = default, d2 = default, d3 = default;
        Vector512<float> e0 = default, e1 = default, e2 = default, e3 = default;
        Vector512<float> f0 = default, f1 = default, f2 = default, f3 = default;
        float* x3 = x + 3 * width;
        nint twice = 2 * width;
        for (byte* end = panel + pairs * step; panel < end; panel += step, x += 2, x3 += 2)
        {
            TFormat.Prefetch(panel + PackedMatrix.PrefetchDistance);
            Vector512<float> w0 = TFormat.First(panel, 0), w1 = TFormat.First(panel, 1), w2 = TFormat.First(panel, 2), w3 = TFormat.First(panel, 3);
            var input = Vector512.Create(x[0]);
            (a0, a1, a2, a3) = (Add(input, w0, a0), Add(input, w1, a1), Add(input, w2, a2), Add(input, w3, a3));
            input = Vector512.Create(x[width]);
            (b0, b1, b2, b3) = (Add(input, w0, b0), Add(input, w1, b1), Add(input, w2, b2), Add(input, w3, b3));
            input = Vector512.Create(x[twice]);
            (c0, c1, c2, c3) = (Add(input, w0, c0), Add(input, w1, c1), Add(input, w2, c2), Add(input, w3, c3));
            input = Vector512.Create(x3[0]);
            (d0, d1, d2, d3) = (Add(input, w0, d0), Add(input, w1, d1), Add(input, w2, d2), Add(input, w3, d3));
            input = Vector512.Create(x3[width]);
            (e0, e1, e2, e3) = (Add(input, w0, e0), Add(input, w1, e1), Add(input, w2, e2), Add(input, w3, e3));
            input = Vector512.Create(x3[twice]);
            (f0, f1, f2, f3) = (Add(input, w0, f0), Add(input, w1, f1), Add(input, w2, f2), Add(input, w3, f3));
            (w0, w1, w2, w3) = (TFormat.Second(panel, 0), TFormat.Second(panel, 1), TFormat.Second(panel, 2), TFormat.Second(panel, 3));
            input = Vector512.Create(x[1]);
            (a0, a1, a2, a3) = (Add(input, w0, a0), Add(input, w1, a1), Add(input, w2, a2), Add(input, w3, a3));
            input = Vector512.Create(x[width + 1]);
            (b0, b1, b2, b3) = (Add(input, w0, b0), Add(input, w1, b1), Add(input, w2, b2), Add(input, w3, b3));
            input = Vector512.Create(x[twice + 1]);
            (c0, c1, c2, c3) = (Add(input, w0, c0), Add(input, w1, c1), Add(input, w2, c2), Add(input, w3, c3));
            input = Vector512.Create(x3[1]);
            (d0, d1, d2, d3) = (Add(input, w0, d0), Add(input, w1, d1), Add(input, w2, d2), Add(input, w3, d3));
            input = Vector512.Create(x3[width + 1]);
            (e0, e1, e2, e3) = (Add(input, w0, e0), Add(input, w1, e1), Add(input, w2, e2), Add(input, w3, e3));
            input = Vector512.Create(x3[twice + 1]);
            (f0, f1, f2, f3) = (Add(input, w0, f0), Add(input, w1, f1), Add(input, w2, f2), Add(input, w3, f3));
        }
        Finish(a0, a1, a2, a3, y, bias, epilogue);
        Finish(b0, b1, b2, b3, y + outputWidth, bias, epilogue);
        Finish(c0, c1, c2, c3, y + 2 * outputWidth, bias, epilogue);
        Finish(d0, d1, d2, d3, y + 3 * outputWidth, bias, epilogue);
        Finish(e0, e1, e2, e3, y + 4 * outputWidth, bias, epilogue);
        Finish(f0, f1, f2, f3, y + 5 * outputWidth, bias, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add(Vector512<float> x, Vector512<float> weight, Vector512<float> sum) =>
        Vector512.FusedMultiplyAdd(x, weight, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(
        Vector512<float> s0, Vector512<float> s1, Vector512<float> s2, Vector512<float> s3, float* y, float* bias, Epilogue epilogue)
    {
        s0 += Vector512.Load(bias);
        s1 += Vector512.Load(bias + 16);
        s2 += Vector512.Load(bias + 32);
        s3 += Vector512.Load(bias + 48);
        if (epilogue == Epilogue.StoreRelu)
        {
            (s0, s1) = (Vector512.Max(s0, default), Vector512.Max(s1, default));
            (s2, s3) = (Vector512.Max(s2, default), Vector512.Max(s3, default));
        }
        else if (epilogue == Epilogue.Add)
        {
            s0 += Vector512.Load(y);
            s1 += Vector512.Load(y + 16);
            s2 += Vector512.Load(y + 32);
            s3 += Vector512.Load(y + 48);
        }
        s0.Store(y);
        s1.Store(y + 16);
        s2.Store(y + 32);
        s3.Store(y + 48);
    }
}
