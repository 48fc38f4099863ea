using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>Where to compute.</summary>
internal static class Devices
{
    /// <summary>The device of an <see cref="MLContext"/>'s settings.</summary>
    /// <param name="gpuDeviceId">Number of a GPU; null is the CPU.</param>
    /// <param name="fallbackToCpu">Whether the CPU will do where there is no such GPU.</param>
    /// <exception cref="InvalidOperationException">There is no such GPU and no fallback.</exception>
    public static Device Resolve(int? gpuDeviceId, bool fallbackToCpu)
    {
        if (gpuDeviceId is not { } id)
            return torch.CPU;
        int count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (id >= 0 && id < count)
            return new Device(DeviceType.CUDA, id);
        if (fallbackToCpu)
            return torch.CPU;
        throw new InvalidOperationException(
            $"GpuDeviceId is {id}, but libtorch finds {(count == 0 ? "no CUDA device" : $"{count} CUDA devices, counted from 0")}. " +
            "Set MLContext.FallbackToCpu to true or GpuDeviceId to null, or build the application with a CUDA back end " +
            "(MSBuild property TorchBackend).");
    }
}
