using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Runtime;

[TestClass]
[DoNotParallelize] // the whole process's memory is measured
public sealed class NativeHeapTests
{
    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void MemoryBetweenBlocksInUseGoesBackToTheSystem()
    {
        const int Blocks = 16_384, Bytes = 16_384;
        Tensor[] tensors = [.. Enumerable.Range(0, Blocks).Select(_ => torch.ones(Bytes, ScalarType.Byte))];
        for (int i = 0; i < Blocks; i++)
        {
            if (i % 8 != 0)
                tensors[i].Dispose();
        }
        long before = Environment.WorkingSet;

        NativeHeap.ReturnFreeMemory();

        long returned = before - Environment.WorkingSet;
        Assert.IsGreaterThan((long)Blocks * Bytes / 2, returned);
        foreach (var tensor in tensors.Where((_, i) => i % 8 == 0))
        {
            Assert.AreEqual(Bytes, tensor.sum().ToInt64());
            tensor.Dispose();
        }
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void MemoryThatIsKeptIsNotClearedAgain()
    {
        const int Blocks = 6, Bytes = 24 << 20, Pages = Blocks * (Bytes / 4096);
        using (NativeHeap.Keep())
        using (NativeHeap.Keep())
        {
            Faults(Blocks, Bytes);
            Assert.IsLessThan(Pages / 10, Faults(Blocks, Bytes));
        }
        // All but the end of a heap that belongs to a thread, up to 64 MB.
        Assert.IsGreaterThan(Pages / 3, Faults(Blocks, Bytes), "given back");
    }

    /// <summary>Pages that this thread had to be given while it wrote to some blocks, all of which it frees in the end.</summary>
    private static unsafe long Faults(int blocks, int bytes)
    {
        long before = MinorFaults();
        nint[] addresses = [.. Enumerable.Range(0, blocks).Select(_ => (nint)NativeMemory.Alloc((nuint)bytes))];
        foreach (nint address in addresses)
            new Span<byte>((void*)address, bytes).Fill(1);
        foreach (nint address in addresses)
            NativeMemory.Free((void*)address);
        return MinorFaults() - before;
    }

    private static long MinorFaults()
    {
        string line = File.ReadAllText("/proc/thread-self/stat");
        return long.Parse(line[(line.LastIndexOf(')') + 2)..].Split(' ')[7], CultureInfo.InvariantCulture);
    }
}
