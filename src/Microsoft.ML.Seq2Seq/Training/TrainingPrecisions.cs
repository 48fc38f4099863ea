using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Chooses the precision of training.</summary>
internal static class TrainingPrecisions
{
    /// <summary>Whether the processor multiplies bfloat16 matrices faster than float32: AVX512-BF16 or AMX. Without, it
    /// is emulated, many times slower.</summary>
    public static bool HasBFloat16 { get; } = Detect();

    public static ScalarType Resolve(TrainingPrecision precision, Device device) => precision switch
    {
        TrainingPrecision.BFloat16 => ScalarType.BFloat16,
        TrainingPrecision.Auto when device.type == DeviceType.CPU && HasBFloat16 => ScalarType.BFloat16,
        _ => ScalarType.Float32,
    };

    private static bool Detect()
    {
        if (!X86Base.IsSupported || !Avx512F.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
            return false;
        bool hasAvx512BFloat16 = (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;
        bool hasAmxBFloat16 = (X86Base.CpuId(7, 0).Edx & (1 << 22)) != 0;
        return hasAvx512BFloat16 || hasAmxBFloat16;
    }
}
