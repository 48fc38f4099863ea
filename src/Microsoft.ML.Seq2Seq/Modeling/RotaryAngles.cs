using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Turns the pairs of queries and keys by their positions, as <see cref="RotaryPositions.Rotate"/> does, in place.</summary>
/// <param name="length">Positions from 0 on.</param>
/// <param name="dimension">d, even.</param>
internal sealed unsafe class RotaryAngles(int length, int dimension)
{
    private const int Lanes = 16;

    private readonly float[] _table = Table(length, dimension);

    /// <summary>For each position, the cosines of the pairs' angles, then their sines: (length, d).</summary>
    public static float[] Table(int length, int dimension)
    {
        float[] frequencies = RotaryPositions.Frequencies(dimension), table = new float[(long)length * dimension];
        for (int position = 0; position < length; position++)
            for (int i = 0; i < dimension / 2; i++)
            {
                var (sine, cosine) = MathF.SinCos(position * frequencies[i]);
                (table[position * dimension + i], table[position * dimension + dimension / 2 + i]) = (cosine, sine);
            }
        return table;
    }

    /// <summary>Turns some rows.</summary>
    /// <param name="rows">(count, step), of d numbers each.</param>
    /// <param name="step">Elements from one row to the next.</param>
    /// <param name="first">Position of the first.</param>
    /// <param name="count">How many.</param>
    /// <param name="isBack">The other way, as gradients are turned.</param>
    public void Turn(float* rows, int step, int first, int count, bool isBack = false)
    {
        fixed (float* table = _table)
            for (int row = 0; row < count; row++)
                Turn(rows + (nint)row * step, table + (nint)(first + row) * dimension, dimension, isBack ? -1 : 1);
    }

    /// <summary>Turns one query or key.</summary>
    /// <param name="x">(d)</param>
    /// <param name="angles">(d) a row of <see cref="Table"/>.</param>
    /// <param name="dimension">d</param>
    /// <param name="direction">1, or -1 for the other way.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Turn(float* x, float* angles, int dimension, float direction = 1)
    {
        int half = dimension / 2, i = 0;
        float* y = x + half, sines = angles + half;
        for (; i <= half - Lanes; i += Lanes)
        {
            Vector512<float> a = Vector512.Load(x + i), b = Vector512.Load(y + i);
            Vector512<float> cosine = Vector512.Load(angles + i), sine = Vector512.Load(sines + i) * direction;
            (a * cosine - b * sine).Store(x + i);
            (b * cosine + a * sine).Store(y + i);
        }
        for (; i < half; i++)
        {
            float a = x[i], b = y[i], sine = sines[i] * direction;
            (x[i], y[i]) = (a * angles[i] - b * sine, b * angles[i] + a * sine);
        }
    }
}
