using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary><see cref="Norm"/> at prediction.</summary>
internal sealed unsafe class PackedNorm
{
    private const float LayerNormEpsilon = 1e-5f, RmsNormEpsilon = 1e-6f;

    private readonly int _dimension;
    private readonly int _width;
    private readonly Pinned<float> _gain; // padded, so that padding comes out as zeros
    private readonly Pinned<float>? _shift; // layer norm only

    /// <param name="name">Of the norm.</param>
    public PackedNorm(IPackedWeights weights, string name)
    {
        float[] gain = weights.Values($"{name}.weight");
        _dimension = gain.Length;
        _width = PackedMatrix.Padded(_dimension);
        _gain = Pinned<float>.Copy(gain, _width);
        string bias = $"{name}.bias";
        _shift = weights.Has(bias) ? Pinned<float>.Copy(weights.Values(bias), _width) : null;
    }

    /// <summary>(rows, D) → (rows, D); may be in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* x, int rows, float* y)
    {
        for (int row = 0; row < rows; row++, x += _width, y += _width)
        {
            if (_shift is not null)
                LayerNorm(x, y, _dimension, _width, _gain.First, _shift.First);
            else
                RmsNorm(x, y, _dimension, _width, _gain.First);
        }
        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LayerNorm(float* x, float* y, int dimension, int width, float* gain, float* shift)
    {
        Vector512<float> even = default, odd = default;
        for (int i = 0; i < width; i += 32) // padding adds nothing
        {
            even += Vector512.Load(x + i);
            odd += Vector512.Load(x + i + 16);
        }
        var mean = Vector512.Create(Vector512.Sum(even + odd) / dimension);
        Vector512<float> squares = default, more = default;
        int full = dimension & ~15, k = 0;
        for (; k + 32 <= full; k += 32)
        {
            var first = Vector512.Load(x + k) - mean;
            var second = Vector512.Load(x + k + 16) - mean;
            squares = Vector512.FusedMultiplyAdd(first, first, squares);
            more = Vector512.FusedMultiplyAdd(second, second, more);
        }
        if (k < full)
        {
            var last = Vector512.Load(x + k) - mean;
            squares = Vector512.FusedMultiplyAdd(last, last, squares);
        }
        float sum = Vector512.Sum(squares + more);
        for (int i = full; i < dimension; i++)
            sum += (x[i] - mean[0]) * (x[i] - mean[0]);
        var factor = Vector512.Create(1 / MathF.Sqrt(sum / dimension + LayerNormEpsilon));
        for (int i = 0; i < width; i += 16)
            Vector512.FusedMultiplyAdd((Vector512.Load(x + i) - mean) * factor, Vector512.Load(gain + i), Vector512.Load(shift + i)).Store(y + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RmsNorm(float* x, float* y, int dimension, int width, float* gain)
    {
        Vector512<float> even = default, odd = default;
        for (int i = 0; i < width; i += 32)
        {
            Vector512<float> first = Vector512.Load(x + i), second = Vector512.Load(x + i + 16);
            even = Vector512.FusedMultiplyAdd(first, first, even);
            odd = Vector512.FusedMultiplyAdd(second, second, odd);
        }
        var factor = Vector512.Create(1 / MathF.Sqrt(Vector512.Sum(even + odd) / dimension + RmsNormEpsilon));
        for (int i = 0; i < width; i += 16)
            (Vector512.Load(x + i) * factor * Vector512.Load(gain + i)).Store(y + i);
    }
}
