using System.Runtime.Intrinsics.X86;
using Microsoft.ML.Seq2Seq.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// Matrix products in float32 by oneDNN. libtorch's own go to MKL, which leaves AVX-512 alone on processors that Intel didn't
/// make: oneDNN's are two to three times as fast there.
/// </summary>
internal static class OneDnn
{
    private const string Methods = """
        def linear(self: __torch__.Kernels, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
            return ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], None)
        """;

    private static readonly Lazy<jit.ScriptModule> _kernels = new(() => TorchScriptArchive.Load(Methods));

    /// <summary>Whether it's the faster one: an AMD processor with AVX-512. (On Linux, where this was measured.)</summary>
    public static bool IsFaster { get; } = OperatingSystem.IsLinux() && Avx512F.IsSupported && IsAmd();

    /// <summary>xWᵀ + b, outside autograd: (…, in), (out, in), (out) → (…, out). Matrices may be transposed views.</summary>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null) =>
        (Tensor)_kernels.Value.invoke("linear", x, weight, bias!);

    private static bool IsAmd()
    {
        var (_, ebx, ecx, edx) = X86Base.CpuId(0, 0);
        return (ebx, edx, ecx) == (0x68747541, 0x69746E65, 0x444D4163); // "AuthenticAMD"
    }
}
