using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Products of matrices that a core's own cache holds, in float32, where the call of a library would cost as much as the
/// product.</summary>
internal static unsafe class SmallProduct
{
    /// <summary>Rows of a result come in so many.</summary>
    public const int Rows = 4;

    /// <summary>Columns of a result come in so many.</summary>
    public const int Columns = 16;

    /// <summary>C = AB, or C += AB: (rows, depth), (depth, columns) → (rows, columns)</summary>
    /// <param name="a">A, of any strides: it may be transposed.</param>
    /// <param name="aRow">Elements from one row to the next.</param>
    /// <param name="aColumn">Elements from one column to the next.</param>
    /// <param name="b">B, whose rows are contiguous.</param>
    /// <param name="bRow">Elements from one row to the next.</param>
    /// <param name="c">C, whose rows are contiguous.</param>
    /// <param name="cRow">Elements from one row to the next.</param>
    /// <param name="rows">A multiple of <see cref="Rows"/>.</param>
    /// <param name="columns">A multiple of <see cref="Columns"/>.</param>
    /// <param name="depth">If 0, the product is zeros.</param>
    /// <param name="adds">Whether C is added to.</param>
    public static void Multiply(
        float* a, nint aRow, nint aColumn, float* b, nint bRow, float* c, nint cRow, int rows, int columns, int depth, bool adds)
    {
        for (int row = 0; row < rows; row += Rows, a += Rows * aRow, c += Rows * cRow)
        {
            int column = 0;
            for (; column <= columns - 4 * Columns; column += 4 * Columns)
                Four(a, aRow, aColumn, b + column, bRow, c + column, cRow, depth, adds);
            if (column <= columns - 2 * Columns)
            {
                Two(a, aRow, aColumn, b + column, bRow, c + column, cRow, depth, adds);
                column += 2 * Columns;
            }
            if (column < columns)
                One(a, aRow, aColumn, b + column, bRow, c + column, cRow, depth, adds);
        }
    }

    /// <summary>(rows, columns) → (columns, rows), both multiples of four.</summary>
    public static void Transpose(float* x, nint xRow, float* y, nint yRow, int rows, int columns)
    {
        for (int row = 0; row < rows; row += 4)
            for (int column = 0; column < columns; column += 4)
                TransposeFour(x + row * xRow + column, xRow, y + column * yRow + row, yRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeFour(float* x, nint xRow, float* y, nint yRow)
    {
        if (!Sse.IsSupported)
        {
            for (int row = 0; row < 4; row++)
                for (int column = 0; column < 4; column++)
                    y[column * yRow + row] = x[row * xRow + column];
            return;
        }
        Vector128<float> x0 = Vector128.Load(x), x1 = Vector128.Load(x + xRow), x2 = Vector128.Load(x + 2 * xRow), x3 = Vector128.Load(x + 3 * xRow);
        Vector128<float> lower01 = Sse.UnpackLow(x0, x1), upper01 = Sse.UnpackHigh(x0, x1);
        Vector128<float> lower23 = Sse.UnpackLow(x2, x3), upper23 = Sse.UnpackHigh(x2, x3);
        Sse.MoveLowToHigh(lower01, lower23).Store(y);
        Sse.MoveHighToLow(lower23, lower01).Store(y + yRow);
        Sse.MoveLowToHigh(upper01, upper23).Store(y + 2 * yRow);
        Sse.MoveHighToLow(upper23, upper01).Store(y + 3 * yRow);
    }

    // Sums stay in registers, which is why the three are written out.

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Four(float* a, nint aRow, nint aColumn, float* b, nint bRow, float* c, nint cRow, int depth, bool adds)
    {
        Vector512<float> p0 = default, p1 = default, p2 = default, p3 = default, q0 = default, q1 = default, q2 = default, q3 = default;
        Vector512<float> r0 = default, r1 = default, r2 = default, r3 = default, s0 = default, s1 = default, s2 = default, s3 = default;
        float* lower = a + 2 * aRow;
        for (float* end = b + depth * bRow; b < end; b += bRow, a += aColumn, lower += aColumn)
        {
            Vector512<float> b0 = Vector512.Load(b), b1 = Vector512.Load(b + 16), b2 = Vector512.Load(b + 32), b3 = Vector512.Load(b + 48);
            var x = Vector512.Create(a[0]);
            (p0, p1, p2, p3) = (Add(x, b0, p0), Add(x, b1, p1), Add(x, b2, p2), Add(x, b3, p3));
            x = Vector512.Create(a[aRow]);
            (q0, q1, q2, q3) = (Add(x, b0, q0), Add(x, b1, q1), Add(x, b2, q2), Add(x, b3, q3));
            x = Vector512.Create(lower[0]);
            (r0, r1, r2, r3) = (Add(x, b0, r0), Add(x, b1, r1), Add(x, b2, r2), Add(x, b3, r3));
            x = Vector512.Create(lower[aRow]);
            (s0, s1, s2, s3) = (Add(x, b0, s0), Add(x, b1, s1), Add(x, b2, s2), Add(x, b3, s3));
        }
        Store(c, p0, p1, adds);
        Store(c + 32, p2, p3, adds);
        Store(c + cRow, q0, q1, adds);
        Store(c + cRow + 32, q2, q3, adds);
        Store(c + 2 * cRow, r0, r1, adds);
        Store(c + 2 * cRow + 32, r2, r3, adds);
        Store(c + 3 * cRow, s0, s1, adds);
        Store(c + 3 * cRow + 32, s2, s3, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Two(float* a, nint aRow, nint aColumn, float* b, nint bRow, float* c, nint cRow, int depth, bool adds)
    {
        Vector512<float> p0 = default, p1 = default, q0 = default, q1 = default, r0 = default, r1 = default, s0 = default, s1 = default;
        float* lower = a + 2 * aRow;
        for (float* end = b + depth * bRow; b < end; b += bRow, a += aColumn, lower += aColumn)
        {
            Vector512<float> b0 = Vector512.Load(b), b1 = Vector512.Load(b + 16);
            var x = Vector512.Create(a[0]);
            (p0, p1) = (Add(x, b0, p0), Add(x, b1, p1));
            x = Vector512.Create(a[aRow]);
            (q0, q1) = (Add(x, b0, q0), Add(x, b1, q1));
            x = Vector512.Create(lower[0]);
            (r0, r1) = (Add(x, b0, r0), Add(x, b1, r1));
            x = Vector512.Create(lower[aRow]);
            (s0, s1) = (Add(x, b0, s0), Add(x, b1, s1));
        }
        Store(c, p0, p1, adds);
        Store(c + cRow, q0, q1, adds);
        Store(c + 2 * cRow, r0, r1, adds);
        Store(c + 3 * cRow, s0, s1, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void One(float* a, nint aRow, nint aColumn, float* b, nint bRow, float* c, nint cRow, int depth, bool adds)
    {
        Vector512<float> p = default, q = default, r = default, s = default;
        float* lower = a + 2 * aRow;
        for (float* end = b + depth * bRow; b < end; b += bRow, a += aColumn, lower += aColumn)
        {
            var b0 = Vector512.Load(b);
            p = Add(Vector512.Create(a[0]), b0, p);
            q = Add(Vector512.Create(a[aRow]), b0, q);
            r = Add(Vector512.Create(lower[0]), b0, r);
            s = Add(Vector512.Create(lower[aRow]), b0, s);
        }
        Store(c, p, adds);
        Store(c + cRow, q, adds);
        Store(c + 2 * cRow, r, adds);
        Store(c + 3 * cRow, s, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add(Vector512<float> x, Vector512<float> y, Vector512<float> sum) => Vector512.FusedMultiplyAdd(x, y, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, Vector512<float> lower, Vector512<float> upper, bool adds)
    {
        Store(c, lower, adds);
        Store(c + 16, upper, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, Vector512<float> sum, bool adds) => (adds ? sum + Vector512.Load(c) : sum).Store(c);
}
