using System.Numerics;
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

        def pack(self: __torch__.Kernels, weight: Tensor, rows: int) -> Tensor:
            return ops.mkldnn._reorder_linear_weight(weight, rows)
        """;

    private static readonly Lazy<jit.ScriptModule> _kernels = new(() => TorchScriptArchive.Load(Methods));

    /// <summary>Whether it's the faster one: an AMD processor with AVX-512. (On Linux, where this was measured.)</summary>
    public static bool IsFaster { get; } = OperatingSystem.IsLinux() && Avx512F.IsSupported && IsAmd();

    /// <summary>Whether it is by so much that transposing a factor is worth it: where a register of AVX-512 is computed whole (Zen 5), not in halves.</summary>
    public static bool IsTwiceAsFast { get; } = IsFaster && HasFullWidth();

    /// <summary>Whether products of such matrices on a CPU are its: those of bfloat16 are in libtorch too.</summary>
    public static bool Multiplies(ScalarType type) => IsFaster || type != ScalarType.Float32;

    /// <summary>xWᵀ + b, outside autograd: (…, in), (out, in), (out) → (…, out). Matrices may be transposed views.</summary>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null) =>
        (Tensor)_kernels.Value.invoke("linear", x, weight, bias!);

    /// <summary>Weights (out, in) in the order in which products with them read them, for <see cref="Linear"/> alone: a pass over them more,
    /// and a tenth to a half faster, most where outputs are few.</summary>
    /// <param name="rows">That a product will have, or about.</param>
    public static Tensor Pack(Tensor weight, long rows) => (Tensor)_kernels.Value.invoke("pack", weight, rows);

    /// <summary>
    /// The next multiple of 16; for more than 512 rows, of a 32nd of the next power of two: the next is two per cent away on
    /// average. oneDNN compiles a product for each shape and keeps a thousand of them, wherever in the heap there is room;
    /// large blocks then no longer fit between, so that the heap grows with every number of rows that a batch can have.
    /// </summary>
    public static long RoundUp(long rows)
    {
        long step = Math.Max(16, (long)BitOperations.RoundUpToPowerOf2((ulong)rows) >> 5);
        return (rows + step - 1) / step * step;
    }

    /// <summary>FP512 of AMD's CPUID.</summary>
    private static bool HasFullWidth()
    {
        const int Extended = unchecked((int)0x80000000), Features = unchecked((int)0x8000001A);
        return (uint)X86Base.CpuId(Extended, 0).Eax >= unchecked((uint)Features) && (X86Base.CpuId(Features, 0).Eax & 8) != 0;
    }

    private static bool IsAmd()
    {
        var (_, ebx, ecx, edx) = X86Base.CpuId(0, 0);
        return (ebx, edx, ecx) == (0x68747541, 0x69746E65, 0x444D4163); // "AuthenticAMD"
    }
}
