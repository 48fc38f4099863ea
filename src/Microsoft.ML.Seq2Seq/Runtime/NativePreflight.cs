using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>
/// Loads TorchSharp's native libraries, or says in one message why that fails and what to do.
/// </summary>
/// <remarks>
/// It comes before the first use of the class <c>torch</c>: on any failure TorchSharp blames a missing package, writes to the
/// console, may copy half a gigabyte out of the package cache, and leaves the class unusable.
/// </remarks>
internal static class NativePreflight
{
    private static readonly Lock _gate = new();
    // Says of the process what is true of it for good: a native library that is loaded stays.
    private static volatile bool _loaded;

    /// <summary>Loads the native libraries; costs nothing once they are.</summary>
    /// <exception cref="DllNotFoundException">They can't be loaded. The message says what is missing and what to do.</exception>
    public static void EnsureLoaded()
    {
        if (_loaded)
            return;
        lock (_gate)
        {
            if (!_loaded)
                Load();
            _loaded = true;
        }
    }

    private static void Load()
    {
        Assembly torchSharp = typeof(torch).Assembly;
        if (FindMismatch(torchSharp) is { } mismatch)
            throw new DllNotFoundException(NativeFailure.Explain(mismatch));

        // In this order, as TorchSharp does it: the second finds the first already loaded.
        NativeLibrary.TryLoad("torch_cpu", torchSharp, null, out _);
        bool found = NativeLibrary.TryLoad("LibTorchSharp", torchSharp, null, out _);
        if (!found && !IsInPackageFolder(torchSharp))
            throw new DllNotFoundException(NativeFailure.Explain(Look(torchSharp)));
        try
        {
            torch.TryInitializeDeviceType(DeviceType.CPU);
        }
        catch (Exception e) when (e is TypeInitializationException or NotSupportedException)
        {
            throw new DllNotFoundException(NativeFailure.Explain(Look(torchSharp)), e);
        }
    }

    /// <summary>Whether a notebook or script runs TorchSharp out of its package: TorchSharp then gathers the native files itself. It
    /// looks at the same path.</summary>
    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "The path is empty in a single file, which is no package.")]
    private static bool IsInPackageFolder(Assembly torchSharp) =>
        torchSharp.Location.Replace('\\', '/').Contains("/torchsharp/", StringComparison.OrdinalIgnoreCase);

    private static NativeSituation Describe(Assembly torchSharp) => new()
    {
        Platform = Platform,
        TorchSharpVersion = (torchSharp.GetName().Version ?? new Version()).ToString(3),
        WantedLibTorch = WantedLibTorch(),
    };

    /// <summary>The portable name of the platform: a distribution's own build of .NET calls it <c>fedora.42-x64</c>.</summary>
    private static string Platform
    {
        get
        {
            string name = RuntimeInformation.RuntimeIdentifier;
            string system = OperatingSystem.IsWindows() ? "win"
                : OperatingSystem.IsMacOS() ? "osx"
                : !OperatingSystem.IsLinux() ? name.Split('-')[0]
                : name.Contains("musl", StringComparison.Ordinal) || name.StartsWith("alpine", StringComparison.Ordinal) ? "linux-musl"
                : "linux";
            return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        }
    }

    /// <summary>
    /// A libtorch package beside the application of another version than TorchSharp was made for. Found before loading, since
    /// the loader may notice only at the first call, and ends the process then.
    /// </summary>
    private static NativeSituation? FindMismatch(Assembly torchSharp)
    {
        NativeSituation situation = Describe(torchSharp);
        if (situation.WantedLibTorch is not { } wanted)
            return null;
        foreach ((string package, string version) in ReferencedPackages())
        {
            if (package.StartsWith("libtorch-", StringComparison.OrdinalIgnoreCase)
                && Version.TryParse(version, out Version? there)
                && Version.TryParse(wanted, out Version? needed)
                && (there.Major, there.Minor, there.Build) != (needed.Major, needed.Minor, needed.Build))
                return situation with { MismatchedPackage = $"{package} {version}" };
        }
        return null;
    }

    /// <summary>The version of libtorch that TorchSharp was made for. Read without running the class: its initializer loads.</summary>
    private static string? WantedLibTorch()
    {
        FieldInfo? field = typeof(torch).GetField("libtorchPackageVersion", BindingFlags.NonPublic | BindingFlags.Static);
        return field is { IsLiteral: true } && Version.TryParse(field.GetRawConstantValue() as string, out Version? version) && version.Build >= 0
            ? version.ToString(3)
            : null;
    }

    /// <summary>The packages that the application was built with: the libraries of its .deps.json.</summary>
    private static IEnumerable<(string Package, string Version)> ReferencedPackages()
    {
        string files = AppContext.GetData("APP_CONTEXT_DEPS_FILES") as string ?? "";
        foreach (string file in files.Split(';', StringSplitOptions.RemoveEmptyEntries).Where(File.Exists))
        {
            using JsonDocument? document = Parse(file);
            if (document is null || !document.RootElement.TryGetProperty("libraries", out JsonElement libraries))
                continue;
            foreach (JsonProperty library in libraries.EnumerateObject())
            {
                if (library.Name.Split('/') is [var package, var version])
                    yield return (package, version);
            }
        }

        static JsonDocument? Parse(string file)
        {
            try
            {
                return JsonDocument.Parse(File.ReadAllBytes(file));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
            {
                return null;
            }
        }
    }

    /// <summary>What is there of the native files, and what the loader says to them.</summary>
    private static NativeSituation Look(Assembly torchSharp)
    {
        string[] folders =
        [
            AppContext.BaseDirectory,
            .. (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "")
                .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        ];
        string? libTorch = Find("torch_cpu");
        string? shim = Find("LibTorchSharp");
        string runtimes = Path.Combine(AppContext.BaseDirectory, "runtimes");
        return Describe(torchSharp) with
        {
            HasLibTorch = libTorch is not null,
            HasTorchSharpLibrary = shim is not null,
            OtherPlatforms = Directory.Exists(runtimes)
                ? [.. Directory.EnumerateFiles(runtimes, "*torch_cpu.*", SearchOption.AllDirectories)
                    .Select(file => Path.GetRelativePath(runtimes, file).Split('/', '\\')[0]).Distinct().Order(StringComparer.Ordinal)]
                : [],
            LoaderError = LoadingError(libTorch) ?? LoadingError(shim),
        };

        string? Find(string library)
        {
            string name = OperatingSystem.IsWindows() ? library + ".dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";
            return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        }
    }

    private static string? LoadingError(string? path)
    {
        try
        {
            if (path is not null)
                NativeLibrary.Load(path);
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return e.Message;
        }
    }
}
