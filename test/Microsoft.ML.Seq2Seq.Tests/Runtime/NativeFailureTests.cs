using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tests.Runtime;

/// <summary>Situations that this machine can't be put in, with the words of other loaders.</summary>
[TestClass]
public sealed class NativeFailureTests
{
    private static readonly NativeSituation _refused = new()
    {
        Platform = "linux-x64",
        TorchSharpVersion = "0.107.0",
        WantedLibTorch = "2.10.0",
        HasLibTorch = true,
        HasTorchSharpLibrary = true,
    };

    [TestMethod]
    [DataRow("/lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /app/libLibTorchSharp.so)",
        "older than GCC 13", "-p:WeakenGlibcxx=always")]
    [DataRow("/lib64/libm.so.6: version `GLIBC_2.29' not found (required by /app/libtorch_cpu.so)", "lacks GLIBC_2.29", "newer release")]
    [DataRow("libgomp.so.1: cannot open shared object file: No such file or directory", "this system lacks libgomp.so.1", "apt-get install libgomp1")]
    [DataRow("libstdc++.so.6: cannot open shared object file: No such file or directory", "this system lacks libstdc++.so.6", "apt-get install libstdc++6")]
    [DataRow("libnuma.so.1: cannot open shared object file: No such file or directory", "this system lacks libnuma.so.1", "system's package")]
    [DataRow("/app/libLibTorchSharp.so: undefined symbol: _ZN5torch8inductor", "do not belong together", "libtorch-cpu-linux-x64 --version 2.10.0")]
    [DataRow("/app/libtorch_cpu.so: wrong ELF class: ELFCLASS32", "damaged or made for another platform", "bin and obj")]
    [DataRow("something new", "the loader refuses them", "libtorch-cpu-linux-x64 --version 2.10.0")]
    public void TheLoadersWordsOnLinuxAreUnderstood(string error, string cause, string remedy) =>
        Explains(_refused with { LoaderError = error }, "on linux-x64: ", cause, remedy, error);

    [TestMethod]
    [DataRow("Die angegebene Prozedur wurde nicht gefunden. (0x8007007F)", "issue 1567", "another version of TorchSharp")]
    [DataRow("The specified module could not be found. (0x8007007E)", "Visual C++ redistributable", "0x8007007E")]
    [DataRow("An attempt was made to load a program with an incorrect format. (0x8007000B)", "made for another platform", "libtorch-cpu-win-x64")]
    public void TheLoadersCodesOnWindowsAreUnderstood(string error, string cause, string remedy) =>
        Explains(_refused with { Platform = "win-x64", LoaderError = error }, "on win-x64: ", cause, remedy);

    [TestMethod]
    public void TheLoadersWordsOnMacOsAreUnderstood() => Explains(
        _refused with { Platform = "osx-arm64", LoaderError = "dlopen(/app/libtorch_cpu.dylib): Library not loaded: @rpath/libc10.dylib" },
        "the application lacks libc10.dylib", "libtorch-cpu-osx-arm64");

    [TestMethod]
    [DataRow("linux-musl-x64", "Debian or Ubuntu")]
    [DataRow("linux-arm64", "linux-x64, win-x64, win-arm64, osx-arm64")]
    [DataRow("osx-x64", "linux-x64, win-x64, win-arm64, osx-arm64")]
    [DataRow("win-x86", "64-bit process")]
    public void APlatformWithoutAPackageIsToldSo(string platform, string advice) => Explains(
        _refused with { Platform = platform, HasLibTorch = false }, $"on {platform}: ", "no package of them for this platform", advice);

    [TestMethod]
    public void AGpuPackageIsOfferedOnlyWhereThereIsOne()
    {
        NativeSituation missing = _refused with { HasLibTorch = false };

        Explains(missing, "cpu, or cuda-linux for", "TorchSharp-cuda-linux --version 0.107.0");
        Explains(missing with { Platform = "win-x64" }, "cpu, or cuda-windows for", "TorchSharp-cuda-windows --version 0.107.0");
        Assert.DoesNotContain("cuda", NativeFailure.Explain(missing with { Platform = "osx-arm64" }));
    }

    private static void Explains(NativeSituation situation, params string[] parts)
    {
        string message = NativeFailure.Explain(situation);
        foreach (string part in parts)
            StringAssert.Contains(message, part);
    }
}
