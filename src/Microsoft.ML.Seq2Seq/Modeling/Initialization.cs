using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Starting weights, drawn from a generator of the run: the global one is left alone.</summary>
internal static class Initialization
{
    /// <summary>Uniform in ±√(6 / (in + out)) (Glorot and Bengio 2010): (out, in)</summary>
    public static Tensor XavierUniform(Generator generator, long output, long input)
    {
        double bound = Math.Sqrt(6.0 / (input + output));
        using Scalar width = 2 * bound, half = bound;
        return torch.rand([output, input], generator: generator).mul_(width).sub_(half);
    }

    /// <summary>Normal with deviation d^-½, so that the scaled embeddings of section 3.4 have unit variance; the
    /// padding's row is zero: (vocabulary, d)</summary>
    public static Tensor Embedding(Generator generator, long vocabulary, long dimension, long padding)
    {
        using Scalar deviation = Math.Pow(dimension, -0.5);
        var table = torch.randn([vocabulary, dimension], generator: generator).mul_(deviation);
        using var paddingRow = table[padding];
        paddingRow.zero_();
        return table;
    }
}
