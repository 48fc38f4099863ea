using System.Runtime.InteropServices;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tests.Runtime;

[TestClass]
public sealed unsafe class MachineCodeTests
{
    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void AFunctionIsCalledWhereItWasPut()
    {
        if (RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Inconclusive("The functions are those of an x64 processor.");
        // lea rax, [rdi + rsi]; ret: and another behind it, which must not move the first.
        nint sum = MachineCode.Load([0x48, 0x8D, 0x04, 0x37, 0xC3]);
        nint same = MachineCode.Load([0x48, 0x89, 0xF8, 0xC3]); // mov rax, rdi; ret
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.AreEqual(40 + 2, ((delegate* unmanaged<nint, nint, nint>)sum)(40, 2));
        Assert.AreEqual(-7, ((delegate* unmanaged<nint, nint>)same)(-7));
    }

    /// <summary>Else every test of it would pass without it.</summary>
    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void IntegersAreSummedWideWhereTheProcessorCan()
    {
        string[] flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [];
        bool can = flags.Contains("avx512_vnni") && System.Runtime.Intrinsics.X86.Avx512BW.IsSupported;
        Assert.AreEqual(can, Int8Wide.IsSupported);
    }
}
