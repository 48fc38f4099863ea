using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.Seq2Seq.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Passes over all gradients of a model at once, which libtorch makes in two or three, on a CPU.</summary>
internal static unsafe class GradientSums
{
    private const int BlockLength = 1 << 16, Lanes = 16;

    /// <summary>Euclidean norm: blocks in float32, their sum in float64. (libtorch's is off by half a per cent at 60 million.) It does
    /// not depend on the number of threads.</summary>
    /// <param name="gradients">(N) float32, contiguous.</param>
    public static double Norm(Tensor gradients)
    {
        nint first = gradients.Address();
        long length = gradients.numel();
        double[] blocks = new double[(length + BlockLength - 1) / BlockLength];
        ThreadSetting.Share(blocks.Length, (start, end) =>
        {
            for (long block = start; block < end; block++)
                blocks[block] = SumOfSquares((float*)first + block * BlockLength, (int)Math.Min(BlockLength, length - block * BlockLength));
        });
        GC.KeepAlive(gradients);
        return Math.Sqrt(blocks.Sum());
    }

    /// <summary>sum += other; other = 0</summary>
    /// <param name="sum">(N) float32, contiguous.</param>
    /// <param name="other">(N) float32, contiguous.</param>
    public static void Take(Tensor sum, Tensor other)
    {
        var (to, from) = (sum.Address(), other.Address());
        ThreadSetting.Share(sum.numel(), (start, end) => Take((float*)to + start, (float*)from + start, (nint)(end - start)));
        GC.KeepAlive(sum);
        GC.KeepAlive(other);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumOfSquares(float* numbers, int count)
    {
        Vector512<float> even = Vector512<float>.Zero, odd = Vector512<float>.Zero;
        int i = 0;
        for (; i <= count - 2 * Lanes; i += 2 * Lanes)
        {
            var (a, b) = (Vector512.Load(numbers + i), Vector512.Load(numbers + i + Lanes));
            even = Vector512.FusedMultiplyAdd(a, a, even);
            odd = Vector512.FusedMultiplyAdd(b, b, odd);
        }
        double sum = Vector512.Sum(even) + (double)Vector512.Sum(odd);
        for (; i < count; i++)
            sum += (double)numbers[i] * numbers[i];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Take(float* sums, float* others, nint count)
    {
        nint i = 0;
        for (; i <= count - Lanes; i += Lanes)
        {
            (Vector512.Load(sums + i) + Vector512.Load(others + i)).Store(sums + i);
            Vector512<float>.Zero.Store(others + i);
        }
        for (; i < count; i++)
        {
            sums[i] += others[i];
            others[i] = 0;
        }
    }
}
