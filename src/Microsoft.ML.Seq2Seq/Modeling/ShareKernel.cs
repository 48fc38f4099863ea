using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Dropout of attention's shares, and their gradients, some rows of a few dozen numbers at a time.</summary>
internal static unsafe class ShareKernel
{
    private const int Lanes = 16;

    /// <summary>sums += numbers</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Add(float* sums, float* numbers, int count)
    {
        int i = 0;
        for (; i <= count - Lanes; i += Lanes)
            (Vector512.Load(sums + i) + Vector512.Load(numbers + i)).Store(sums + i);
        for (; i < count; i++)
            sums[i] += numbers[i];
    }

    /// <summary>P = dropped P</summary>
    /// <param name="shares">(rows, columns)</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="rows">How many.</param>
    /// <param name="columns">A multiple of 16.</param>
    /// <param name="dropout">What is dropped.</param>
    /// <param name="draws">Go on.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Drop(float* shares, nint stride, int rows, int columns, DropoutKernel dropout, ref DropoutDraws draws)
    {
        var own = draws; // in registers
        for (int row = 0; row < rows; row++, shares += stride)
            for (int i = 0; i < columns; i += 2 * Lanes)
            {
                var (lower, upper) = dropout.Factors(own.Next());
                (Vector512.Load(shares + i) * lower).Store(shares + i);
                if (i + Lanes < columns)
                    (Vector512.Load(shares + i + Lanes) * upper).Store(shares + i + Lanes);
            }
        draws = own;
    }

    /// <summary>From the gradients by dropped shares to those by scores: dS = P ∘ (dP - Σ dP ∘ P).</summary>
    /// <param name="shares">(rows, columns) P, before dropout.</param>
    /// <param name="dropped">(rows, columns) gets them after.</param>
    /// <param name="gradients">(rows, columns) by dropped shares; become those by scores.</param>
    /// <param name="stride">Elements from one row to the next, of all three.</param>
    /// <param name="rows">How many.</param>
    /// <param name="columns">A multiple of 16.</param>
    /// <param name="dropout">What is dropped; null: nothing.</param>
    /// <param name="draws">As they were for <see cref="Drop(float*, nint, int, int, DropoutKernel, ref DropoutDraws)"/>; go on.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Differentiate(
        float* shares, float* dropped, float* gradients, nint stride, int rows, int columns, DropoutKernel? dropout, ref DropoutDraws draws)
    {
        var own = draws;
        for (int row = 0; row < rows; row++, shares += stride, dropped += stride, gradients += stride)
        {
            Vector512<float> sums = default, lower = Vector512<float>.One, upper = lower;
            for (int i = 0; i < columns; i += 2 * Lanes)
            {
                if (dropout is { } kernel)
                    (lower, upper) = kernel.Factors(own.Next());
                sums += Drop(shares + i, dropped + i, gradients + i, lower);
                if (i + Lanes < columns)
                    sums += Drop(shares + i + Lanes, dropped + i + Lanes, gradients + i + Lanes, upper);
            }
            var sum = Vector512.Create(Vector512.Sum(sums));
            for (int i = 0; i < columns; i += Lanes)
                (Vector512.Load(shares + i) * (Vector512.Load(gradients + i) - sum)).Store(gradients + i);
        }
        draws = own;
    }

    /// <returns>dP ∘ P of sixteen shares.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Drop(float* shares, float* dropped, float* gradients, Vector512<float> factors)
    {
        Vector512<float> share = Vector512.Load(shares), gradient = Vector512.Load(gradients) * factors;
        (share * factors).Store(dropped);
        gradient.Store(gradients);
        return gradient * share;
    }
}
