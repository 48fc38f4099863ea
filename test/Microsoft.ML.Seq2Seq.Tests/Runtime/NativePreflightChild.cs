using System.Runtime.CompilerServices;
using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Runtime;

/// <summary>What this assembly does in a process started by <see cref="NativePreflightTests"/>, instead of running tests.</summary>
internal static class NativePreflightChild
{
    public const string Switch = "SEQ2SEQ_TEST_PREFLIGHT";

    [ModuleInitializer]
    public static void Run()
    {
        if (Environment.GetEnvironmentVariable(Switch) is null)
            return;
        try
        {
            NativePreflight.EnsureLoaded();
            Console.Out.WriteLine($"computed {AddOnes()}");
        }
        catch (DllNotFoundException e)
        {
            Console.Out.WriteLine(e.Message);
        }
        Environment.Exit(0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float AddOnes() => torch.ones(3).sum().item<float>();
}
