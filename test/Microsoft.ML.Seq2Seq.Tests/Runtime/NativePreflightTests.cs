using System.Buffers.Binary;
using System.Diagnostics;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tests.Runtime;

/// <summary>Runs this assembly in a fresh process out of a folder that looks like the output, but for one fault.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class NativePreflightTests
{
    private const string Natives = "runtimes/linux-x64/native";
    private static readonly string _assembly = typeof(NativePreflightTests).Assembly.GetName().Name!;

    private readonly string _folder = Directory.CreateTempSubdirectory("preflight").FullName;

    [TestCleanup]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void ACompleteApplicationLoads() => Assert.AreEqual("computed 3", Run(_ => true));

    [TestMethod]
    public void AnApplicationWithoutLibTorchIsToldThePropertyThePackageItsVersionAndTheCommand()
    {
        string message = Run(name => !IsLibTorch(name));

        Contains(message, "linux-x64: the application does not have them", "property TorchBackend", "dotnet add package libtorch-cpu-linux-x64 --version 2.10.0", "TorchSharp-cuda-linux --version 0.107.0");
        Assert.IsFalse(Directory.Exists(Path.Combine(_folder, "cpu")), "Nothing is copied out of the package cache.");
    }

    [TestMethod]
    public void AnApplicationForAnotherPlatformIsToldWhatItHas()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "runtimes/win-x64/native"));
        File.WriteAllText(Path.Combine(_folder, "runtimes/win-x64/native/torch_cpu.dll"), "");

        Contains(Run(name => !IsLibTorch(name)), "it has those for win-x64", "dotnet add package libtorch-cpu-linux-x64");
    }

    [TestMethod]
    public void TorchSharpsOwnLibraryIsMissed() =>
        Contains(Run(name => name != "libLibTorchSharp.so"), "lacks the native part of TorchSharp 0.107.0", "dotnet publish -r linux-x64");

    [TestMethod]
    public void AFileOfLibTorchThatWasNotCopiedIsNamed() =>
        Contains(Run(name => name != "libc10.so"), "the application lacks libc10.so, a file of libtorch");

    [TestMethod]
    public void TheBundledOpenMpRuntimeIsNamed() =>
        Contains(Run(name => !name.StartsWith("libgomp-", StringComparison.Ordinal)), "the application lacks libgomp-", "a file of libtorch");

    [TestMethod]
    public void ATruncatedLibraryIsCalledDamaged()
    {
        string message = Run(name => name != "libtorch_cpu.so", () => File.WriteAllBytes(Path.Combine(_folder, Natives, "libtorch_cpu.so"), [1, 2, 3]));

        Contains(message, "damaged or made for another platform", "libtorch_cpu.so");
    }

    [TestMethod]
    public void ASymbolVersionThatTheSystemLacksIsNamed()
    {
        byte[] library = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, Natives, "libLibTorchSharp.so"));
        DemandVersion(library, "GLIBCXX_3.4.32", "GLIBCXX_3.4.99");

        string message = Run(name => name != "libLibTorchSharp.so", () => File.WriteAllBytes(Path.Combine(_folder, Natives, "libLibTorchSharp.so"), library));

        Contains(message, "lacks GLIBCXX_3.4.99", "newer release of the system");
    }

    [TestMethod]
    public void ALibTorchOfAnotherVersionIsRefusedBeforeItIsLoaded()
    {
        string message = Run(_ => true, () =>
        {
            string dependencies = Path.Combine(_folder, _assembly + ".deps.json");
            File.WriteAllText(dependencies, File.ReadAllText(dependencies).Replace("libtorch-cpu-linux-x64/2.10.0", "libtorch-cpu-linux-x64/2.7.1", StringComparison.Ordinal));
        });

        Contains(message, "references libtorch-cpu-linux-x64 2.7.1, and TorchSharp 0.107.0 needs libtorch 2.10.0");
    }

    [TestMethod]
    public void ManyThreadsMayAskAtOnce()
    {
        Parallel.For(0, 64, _ => NativePreflight.EnsureLoaded());
        NativePreflight.EnsureLoaded();
    }

    private static bool IsLibTorch(string name) => name.StartsWith("lib", StringComparison.Ordinal) && name != "libLibTorchSharp.so";

    private static void Contains(string message, params string[] parts)
    {
        foreach (string part in parts)
            StringAssert.Contains(message, part);
    }

    private string Run(Predicate<string> keepsNative, Action? spoil = null)
    {
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            string copy = Path.Combine(_folder, Path.GetFileName(file));
            // The host takes the real place of the application for its folder: these have to be copies.
            if (Path.GetFileName(file).StartsWith(_assembly, StringComparison.Ordinal))
                File.Copy(file, copy);
            else
                File.CreateSymbolicLink(copy, file);
        }
        Directory.CreateDirectory(Path.Combine(_folder, Natives));
        foreach (string file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, Natives)))
        {
            if (keepsNative(Path.GetFileName(file)))
                File.CreateSymbolicLink(Path.Combine(_folder, Natives, Path.GetFileName(file)), file);
        }
        spoil?.Invoke();

        ProcessStartInfo start = new(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            ArgumentList = { Path.Combine(_folder, _assembly + ".dll") },
            Environment = { [NativePreflightChild.Switch] = "1" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual("", errors.Result);
        Assert.AreEqual(0, process.ExitCode, output);
        return output.Trim();
    }

    /// <summary>Gives a demand for a symbol version another name, and takes the mark off that makes it weak.</summary>
    private static void DemandVersion(Span<byte> library, string version, string other)
    {
        Bytes(other).CopyTo(library[library.IndexOf(Bytes(version))..]);

        // Vernaux: hash 4, flags 2. The hash stays the old version's: the name decides.
        Span<byte> hash = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(hash, Hash(version));
        library.Slice(library.IndexOf(hash) + 4, 2).Clear();

        static byte[] Bytes(string text) => [.. System.Text.Encoding.ASCII.GetBytes(text), 0];

        // System V ABI, chapter 5: the hash of ELF symbol tables.
        static uint Hash(string name)
        {
            uint hash = 0;
            foreach (char letter in name)
            {
                hash = (hash << 4) + letter;
                uint top = hash & 0xF0000000;
                hash = (hash ^ (top >> 24)) & ~top;
            }
            return hash;
        }
    }
}
