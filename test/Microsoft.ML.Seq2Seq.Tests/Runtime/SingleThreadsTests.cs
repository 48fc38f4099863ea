using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Runtime;

[TestClass]
[DoNotParallelize] // what new threads begin with belongs to the process
public sealed class SingleThreadsTests
{
    [TestMethod]
    public void LibtorchComputesAloneOnTheThreadsAndTheProcessKeepsItsSetting()
    {
        int before = torch.get_num_threads();
        try
        {
            torch.set_num_threads(3);
            var seen = new int[2];
            int worker = -1, newThreadMeanwhile = 0;

            SingleThreads.Run("Test", 2, () =>
            {
                int me = Interlocked.Increment(ref worker);
                if (me == 0)
                    newThreadMeanwhile = OnANewThread(torch.get_num_threads);
                seen[me] = torch.get_num_threads();
            });

            CollectionAssert.AreEqual(new[] { 1, 1 }, seen);
            Assert.AreEqual(3, newThreadMeanwhile);
            Assert.AreEqual(3, torch.get_num_threads());
            Assert.AreEqual(3, OnANewThread(torch.get_num_threads));
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }

    [TestMethod]
    public void TwoCallersAtATimeDoNotMistakeEachOthersSettingForTheProcesss()
    {
        int before = OnANewThread(torch.get_num_threads);
        var callers = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 25; i++)
                SingleThreads.Run("Test", 2, () => Assert.AreEqual(1, torch.get_num_threads()));
        })).ToArray();
        foreach (var caller in callers)
            caller.Start();
        foreach (var caller in callers)
            caller.Join();

        Assert.AreEqual(before, OnANewThread(torch.get_num_threads));
    }

    [TestMethod]
    public void TheFirstFailureReachesTheCallerOnceAllHaveEnded()
    {
        int ended = 0;
        using var failed = new ManualResetEventSlim();
        int worker = -1;

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => SingleThreads.Run("Test", 3, () =>
        {
            try
            {
                if (Interlocked.Increment(ref worker) == 1)
                    throw new InvalidOperationException("the first");
                failed.Wait();
            }
            finally
            {
                Interlocked.Increment(ref ended);
                failed.Set();
            }
        }));

        Assert.AreEqual("the first", error.Message);
        Assert.AreEqual(3, ended);
    }

    private static int OnANewThread(Func<int> read)
    {
        int result = 0;
        var thread = new Thread(() => result = read());
        thread.Start();
        thread.Join();
        return result;
    }
}
