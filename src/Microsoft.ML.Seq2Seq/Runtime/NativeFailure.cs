using System.Text.RegularExpressions;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>What was found where native libraries failed to load.</summary>
internal sealed record NativeSituation
{
    /// <summary>The runtime identifier of the process, as <c>linux-x64</c>.</summary>
    public required string Platform { get; init; }

    public required string TorchSharpVersion { get; init; }

    /// <summary>The version of libtorch that this TorchSharp was made for; null where it does not say.</summary>
    public required string? WantedLibTorch { get; init; }

    /// <summary>Whether libtorch lies where the runtime looks.</summary>
    public bool HasLibTorch { get; init; }

    /// <summary>Whether TorchSharp's own native library lies where the runtime looks.</summary>
    public bool HasTorchSharpLibrary { get; init; }

    /// <summary>The platforms whose libtorch lies in the application's folder.</summary>
    public IReadOnlyList<string> OtherPlatforms { get; init; } = [];

    /// <summary>A libtorch package of the application whose version is not the wanted one.</summary>
    public string? MismatchedPackage { get; init; }

    /// <summary>What the operating system's loader said to the files that are there.</summary>
    public string? LoaderError { get; init; }
}

/// <summary>Says what is missing, on which platform, and what to do about it.</summary>
internal static partial class NativeFailure
{
    private static readonly string[] _platforms = ["linux-x64", "win-x64", "win-arm64", "osx-arm64"];

    public static string Explain(NativeSituation situation)
    {
        string message = $"The native libraries of PyTorch (libtorch) did not load on {situation.Platform}: {Cause(situation)}";
        return situation.LoaderError is { } error ? $"{message}{Environment.NewLine}The loader said: {error.Trim()}" : message;
    }

    private static string Cause(NativeSituation s)
    {
        if (s.MismatchedPackage is { } package)
            return $"the application references {package}, and TorchSharp {s.TorchSharpVersion} needs libtorch {s.WantedLibTorch}. {Add(s)}";
        if (!_platforms.Contains(s.Platform))
        {
            string advice = s.Platform.Contains("musl", StringComparison.Ordinal) || s.Platform.StartsWith("alpine", StringComparison.Ordinal)
                ? "This system has musl as its C library: run on one with glibc, such as Debian or Ubuntu."
                : "Run on one of these, in a 64-bit process.";
            return $"there is no package of them for this platform; there are for {string.Join(", ", _platforms)}. {advice}";
        }
        if (!s.HasLibTorch)
        {
            string others = s.OtherPlatforms.Count > 0 ? $" (it has those for {string.Join(", ", s.OtherPlatforms)})" : "";
            return $"the application does not have them{others}. {Add(s)}";
        }
        if (!s.HasTorchSharpLibrary)
        {
            return $"the application lacks the native part of TorchSharp {s.TorchSharpVersion} for this platform. "
                + $"Build or publish it for this platform, with all of its files: dotnet publish -r {s.Platform}";
        }
        return LoaderCause(s, s.LoaderError ?? "");
    }

    private static string LoaderCause(NativeSituation s, string error)
    {
        if (MissingVersion().Match(error) is { Success: true } version)
        {
            string name = version.Groups[1].Value;
            return name == "GLIBCXX_3.4.32"
                ? $"this system's libstdc++ is older than GCC 13 and lacks {name}. TorchSharp does not need it in truth, and building or "
                  + "publishing the application on this system takes the demand away; elsewhere publish with -p:WeakenGlibcxx=always"
                : $"this system's C or C++ library is too old and lacks {name}. Run on a newer release of the system.";
        }
        if (MissingFile().Match(error) is { Success: true } file)
        {
            string name = file.Groups["name"].Value;
            return PackageOf(name) is { } install
                ? $"this system lacks {name}. Install it (Debian, Ubuntu): apt-get install {install}"
                : IsPartOfLibTorch(name)
                    ? $"the application lacks {name}, a file of libtorch. Copy all files of its build or publish output. {Add(s)}"
                    : $"this system lacks {name}. Install the system's package that has it.";
        }
        if (Damaged().IsMatch(error))
            return $"a native file is damaged or made for another platform. Delete the application's bin and obj folders and build again; "
                + $"if that is not enough, delete the folder of libtorch in the package cache too. {Add(s)}";
        if (Mismatch().IsMatch(error))
        {
            string fault = s.Platform.StartsWith("win", StringComparison.Ordinal) && s.TorchSharpVersion == "0.107.0"
                ? " TorchSharp 0.107.0 does not fit on Windows (TorchSharp issue 1567): reference another version of TorchSharp, with the libtorch that it asks for."
                : "";
            return $"TorchSharp {s.TorchSharpVersion} and the libtorch beside it do not belong together.{fault} {Add(s)}";
        }
        if (MissingModule().IsMatch(error))
            return "a library that they need is missing. Install the Microsoft Visual C++ redistributable (2015 to 2022, x64 or arm64).";
        return $"the loader refuses them. {Add(s)}";
    }

    /// <summary>How the application gets the right libtorch: from its build, or by a command.</summary>
    private static string Add(NativeSituation s)
    {
        string version = s.WantedLibTorch is { } wanted ? $" --version {wanted}" : "";
        string? system = s.Platform switch { "linux-x64" => "linux", "win-x64" => "windows", _ => null };
        string gpuBackend = system is null ? "" : $", or cuda-{system} for an NVIDIA GPU";
        string gpuPackage = system is null ? "" : $" (for an NVIDIA GPU: TorchSharp-cuda-{system} --version {s.TorchSharpVersion})";
        return "The build of a program that references no package of them brings them, if its property TorchBackend is "
            + $"cpu{gpuBackend}: dotnet publish -r {s.Platform}. "
            + $"To add them to its project yourself: dotnet add package libtorch-cpu-{s.Platform}{version}{gpuPackage}";
    }

    private static bool IsPartOfLibTorch(string name) =>
        name.StartsWith("libtorch", StringComparison.Ordinal) || name.StartsWith("libc10", StringComparison.Ordinal)
        || name.StartsWith("libgomp-", StringComparison.Ordinal);

    private static string? PackageOf(string name) => name switch
    {
        "libgomp.so.1" => "libgomp1",
        "libstdc++.so.6" => "libstdc++6",
        "libgcc_s.so.1" => "libgcc-s1",
        _ => null,
    };

    // The words of glibc, of macOS's dyld, and of Windows; those of the last come in the user's language, the codes do not.
    [GeneratedRegex(@"version [`'](\w+_[\d.]+)' not found")]
    private static partial Regex MissingVersion();

    [GeneratedRegex(@"(?:^|\s)(?<name>[\w.+-]+\.so[\w.]*): cannot open shared object file|Library not loaded: (?:@rpath/)?(?<name>\S+)")]
    private static partial Regex MissingFile();

    [GeneratedRegex("undefined symbol|symbol lookup error|Symbol not found|0x8007007F", RegexOptions.IgnoreCase)]
    private static partial Regex Mismatch();

    [GeneratedRegex("invalid ELF header|wrong ELF class|file too short|incompatible architecture|0x800700C1|0x8007000B", RegexOptions.IgnoreCase)]
    private static partial Regex Damaged();

    [GeneratedRegex("0x8007007E", RegexOptions.IgnoreCase)]
    private static partial Regex MissingModule();
}
