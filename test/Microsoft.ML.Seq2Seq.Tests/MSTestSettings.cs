// Classes run side by side; a test that counts live tensors or measures the process carries [DoNotParallelize].
[assembly: Parallelize(Workers = 2, Scope = ExecutionScope.ClassLevel)]

namespace Microsoft.ML.Seq2Seq.Tests;

[TestClass]
public static class MSTestSettings
{
    /// <summary>Two classes at a time on one libtorch thread each: the models are far too small to share out, and
    /// threads that wait for each other by spinning are a hundred times slower on a busy machine.</summary>
    [AssemblyInitialize]
    public static void UseOneThread(TestContext _) => TorchSharp.torch.set_num_threads(1);
}
