using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>A row of logits in blocks, each summed up by itself: whoever does it, and however many at a time, the sums are
/// the same.</summary>
internal static class LogitBlock
{
    /// <summary>Logits of a block: those of a panel of the matrix that they come from.</summary>
    public const int Length = PackedMatrix.Panel;

    private const int Lanes = 16; // of Vector512<float>, whatever the machine

    /// <summary>Blocks of a row, the last of which may be shorter.</summary>
    public static int Count(int logits) => (logits + Length - 1) / Length;

    /// <summary>One of a row's blocks.</summary>
    public static ReadOnlySpan<float> Part(ReadOnlySpan<float> row, int block) =>
        row.Slice(block * Length, Math.Min(Length, row.Length - block * Length));

    /// <summary>The largest logit x₀ and Σ exp(x - x₀) of some blocks.</summary>
    /// <param name="first">The first of the blocks.</param>
    /// <param name="last">The first that is none of them.</param>
    /// <param name="maxima">(<see cref="Count"/>) to fill.</param>
    /// <param name="sums">(<see cref="Count"/>) to fill.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // the first prediction shall not wait for the JIT's tiers
    public static void Summarize(ReadOnlySpan<float> row, int first, int last, Span<float> maxima, Span<float> sums)
    {
        Span<float> padded = stackalloc float[Length];
        for (int b = first; b < last; b++)
        {
            scoped var part = Part(row, b);
            if (part.Length < Length)
            {
                padded.Fill(float.NegativeInfinity);
                part.CopyTo(padded);
                part = padded;
            }
            ref float x = ref MemoryMarshal.GetReference(part);
            Vector512<float> x0 = Vector512.LoadUnsafe(ref x), x1 = Vector512.LoadUnsafe(ref x, Lanes);
            Vector512<float> x2 = Vector512.LoadUnsafe(ref x, 2 * Lanes), x3 = Vector512.LoadUnsafe(ref x, 3 * Lanes);
            float max = VectorMath.Largest(Vector512.MaxNative(Vector512.MaxNative(x0, x1), Vector512.MaxNative(x2, x3)));
            // Of a block without any probability nothing remains in the end, whatever its sum.
            var shift = Vector512.Create(max == float.NegativeInfinity ? 0 : max);
            maxima[b] = max;
            sums[b] = Vector512.Sum(VectorMath.Exp(x0 - shift) + VectorMath.Exp(x1 - shift) + (VectorMath.Exp(x2 - shift) + VectorMath.Exp(x3 - shift)));
        }
    }
}
