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
}
