using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>How a row was rounded to integers of 8 bits: x ≈ Scale · (q - Zero).</summary>
internal readonly unsafe record struct RowRange(float Scale, int Zero)
{
    /// <summary>Rounds a padded row to 0 … 255, between its smallest and its largest element. 0 is always among what can
    /// be said exactly, as padding and dead units must be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RowRange Quantize(float* x, byte* quantized, int width)
    {
        Vector512<float> least = default, most = default;
        for (int i = 0; i < width; i += 16)
        {
            var values = Vector512.Load(x + i);
            least = Vector512.MinNative(least, values);
            most = Vector512.MaxNative(most, values);
        }
        float min = -VectorMath.Largest(-least), max = VectorMath.Largest(most);
        float scale = (max - min) / 255, unit = scale > 0 ? 1 / scale : 0;
        int zero = (int)MathF.Round(-min * unit);
        var shift = Vector512.Create(zero + 0.5f); // what follows cuts off
        for (int i = 0; i < width; i += 64)
        {
            var low = Vector512.Narrow(Round(x + i, unit, shift), Round(x + i + 16, unit, shift));
            var high = Vector512.Narrow(Round(x + i + 32, unit, shift), Round(x + i + 48, unit, shift));
            Vector512.Narrow(low, high).Store(quantized + i);
        }
        return new RowRange(scale, zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Round(float* x, float unit, Vector512<float> shift)
    {
        var rounded = Vector512.ConvertToInt32Native(Vector512.Load(x) * unit + shift);
        return Vector512.Min(Vector512.Max(rounded, default), Vector512.Create(255)).AsUInt32();
    }
}
