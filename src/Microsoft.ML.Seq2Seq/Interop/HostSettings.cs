using Microsoft.ML.Runtime;

namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>What an <see cref="MLContext"/>'s user chose and ML.NET keeps internal.</summary>
/// <remarks>
/// A host copies the GPU settings when a component registers; changing them on the context later has no effect on it.
/// <see cref="IsCanceled"/> is looked up anew each time.
/// </remarks>
internal sealed class HostSettings
{
    private readonly IHostEnvironment _environment;

    public HostSettings(IHostEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        _environment = environment;
        if (environment is not IHostEnvironmentInternal settings)
            return;
        Seed = settings.Seed;
        GpuDeviceId = settings.GpuDeviceId;
        FallbackToCpu = settings.FallbackToCpu;
        TempFilePath = settings.TempFilePath ?? TempFilePath;
    }

    /// <summary>The seed given to the context; null where the user wants a different outcome each time.</summary>
    public int? Seed { get; }

    /// <summary>The GPU to compute on; null for the CPU.</summary>
    public int? GpuDeviceId { get; }

    /// <summary>Whether to compute on the CPU where the GPU can't be used.</summary>
    public bool FallbackToCpu { get; } = true;

    /// <summary>The folder for temporary files.</summary>
    public string TempFilePath { get; } = Path.GetTempPath();

    /// <summary>
    /// Whether execution was cancelled on the host's root, as AutoML does when its time is over. Only a registered
    /// <see cref="IHost"/> hears of it; an <see cref="MLContext"/> itself never does.
    /// </summary>
    public bool IsCanceled => _environment is ICancelable { IsCanceled: true };
}
