using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Tests.Training;
using Microsoft.ML.Seq2Seq.Training;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Runtime;

[TestClass]
[DoNotParallelize] // what new threads begin with belongs to the process
public sealed class ThreadSettingTests
{
    private int _before;

    [TestInitialize]
    public void BeginWithThree()
    {
        _before = torch.get_num_threads();
        torch.set_num_threads(3);
    }

    [TestCleanup]
    public void GiveBack() => torch.set_num_threads(_before);

    [TestMethod]
    public void ScopesThatOverlapChangeNoOtherThread()
    {
        using var isOpen = new ManualResetEventSlim();
        using var mayClose = new ManualResetEventSlim();
        var (inside, after) = (0, 0);
        var other = new Thread(() =>
        {
            using (new ThreadScope(2))
            {
                inside = torch.get_num_threads();
                isOpen.Set();
                mayClose.Wait();
            }
            after = torch.get_num_threads();
        })
        { IsBackground = true };
        using (new ThreadScope(1))
        {
            other.Start();
            isOpen.Wait();
            try
            {
                Assert.AreEqual(1, torch.get_num_threads());
                Assert.AreEqual(2, inside);
                Assert.AreEqual(3, OnANewThread());
            }
            finally
            {
                mayClose.Set();
            }
        }
        other.Join();

        Assert.AreEqual(3, torch.get_num_threads());
        Assert.AreEqual(3, after);
        Assert.AreEqual(3, OnANewThread());
    }

    [TestMethod]
    public void TrainingChangesNoOtherThread()
    {
        bool isOver = false;
        int same = 0, others = 0;
        var watcher = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
                _ = OnANewThread() == 3 ? same++ : others++;
        });
        watcher.Start();
        try
        {
            using var model = TinyModels.Create();
            Runs.Train(model, Runs.RandomPairs(20, seed: 4), null, new TrainingOptions { MaxEpochs = 100, Threads = 2 });
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            watcher.Join();
        }

        // A new thread may begin in the middle of the few changes at the start and at the end.
        Assert.IsGreaterThan(4 * others, same);
        Assert.AreEqual(3, OnANewThread());
        Assert.AreEqual(3, torch.get_num_threads());
    }

    [TestMethod]
    public void RunsAtTheSameTimeTrainWhatEachTrainsAlone()
    {
        using var scope = torch.NewDisposeScope();
        var alone = Train();
        var together = new torch.Tensor[3];
        var runs = new Task[3];
        for (int i = 0; i < runs.Length; i++)
        {
            int run = i;
            runs[i] = Task.Factory.StartNew(() => together[run] = Train().DetachFromDisposeScope(), TaskCreationOptions.LongRunning);
            Thread.Sleep(20); // in the middle of the runs before
        }
        Task.WaitAll(runs);

        foreach (var weights in together)
        {
            Assert.IsTrue(alone.eq(weights).all().item<bool>());
            weights.Dispose();
        }

        static torch.Tensor Train()
        {
            using var model = TinyModels.Create();
            new TrainingLoop(model, Runs.RandomPairs(20, seed: 4), new EncodedPairs(), new TrainingOptions { MaxEpochs = 60 }, seed: 1, () => false).Run();
            return Runs.Weights(model);
        }
    }

    /// <summary>As on one thread: a batch is split for want of memory whichever thread wanted it.</summary>
    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    public void WhatSharedWorkThrowsIsThrown(int threads)
    {
        torch.set_num_threads(threads);
        Assert.ThrowsExactly<OutOfMemoryException>(() => ThreadSetting.Share(30, (_, _) => throw new OutOfMemoryException()));
    }

    private static int OnANewThread()
    {
        int count = 0;
        var thread = new Thread(() => count = torch.get_num_threads());
        thread.Start();
        thread.Join();
        return count;
    }
}
