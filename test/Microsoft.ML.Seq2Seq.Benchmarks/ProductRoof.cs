using System.Diagnostics;
using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>What the machine's matrix products can do at all.</summary>
internal static class ProductRoof
{
    /// <summary>Rows and columns of the square matrices whose product it is.</summary>
    public const int Size = 2048;

    public static double FlopsPerSecond(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var a = ones(Size, Size, type);
        // The faster of the libraries at hand: of a bfloat16 product libtorch makes the choice.
        Func<Tensor> product = type == ScalarType.Float32 && OneDnn.IsFaster ? () => OneDnn.Linear(a, a) : () => a.mm(a);
        product().Dispose(); // the pages are there before the clock runs
        var watch = Stopwatch.StartNew();
        product().Dispose();
        return 2 * Math.Pow(Size, 3) / watch.Elapsed.TotalSeconds;
    }
}
