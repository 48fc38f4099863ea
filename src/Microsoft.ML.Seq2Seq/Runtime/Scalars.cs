using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>
/// Numbers as libtorch's operations take them, kept for good, and the operations that TorchSharp would hand a fresh one.
/// </summary>
/// <remarks>
/// TorchSharp turns a number into a native scalar that a finalizer frees. Nothing holds it while the operation runs: a
/// garbage collection at the wrong moment frees it under the operation, which then fails or computes with another
/// number ("Unknown scalar type"; seen on busy machines). So a scalar is a static or a field, or a local with
/// <c>using</c>, and never the implicit conversion of an argument; <c>add(b)</c> makes one inside, <see cref="Plus"/>
/// does not. A test holds the library to it. Besides, a scalar costs more than a small operation.
/// </remarks>
internal static class Scalars
{
    public static Scalar Zero { get; } = 0f;

    public static Scalar One { get; } = 1f;

    public static Scalar NegativeInfinity { get; } = float.NegativeInfinity;

    /// <summary>a + b, a new tensor.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary>a += b, the same tensor.</summary>
    public static Tensor Accumulate(this Tensor a, Tensor b) => a.add_(b, One);
}
