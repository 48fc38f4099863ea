using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tests.Runtime;

[TestClass]
public sealed class TeamTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(5)]
    public void EveryPartIsDoneOncePieceAfterPiece(int threads)
    {
        using var team = new Team(threads);
        for (int piece = 0; piece < 2000; piece++)
        {
            var done = new int[piece % 7];
            team.Share(done.Length, part => Interlocked.Increment(ref done[part]));
            CollectionAssert.AreEqual(Enumerable.Repeat(1, done.Length).ToArray(), done);
        }
    }

    [TestMethod]
    public void AnotherThreadHelps()
    {
        using var team = new Team(2);
        using var both = new Barrier(2);
        bool[] met = new bool[2];

        team.Share(2, part => met[part] = both.SignalAndWait(_patience));

        CollectionAssert.AreEqual(new[] { true, true }, met);
    }

    [TestMethod]
    public void AloneItIsTheCallersThread()
    {
        var seen = new HashSet<int>();

        Team.Alone.Share(5, _ => seen.Add(Environment.CurrentManagedThreadId));

        CollectionAssert.AreEqual(new[] { Environment.CurrentManagedThreadId }, seen.ToArray());
    }

    [TestMethod]
    public void NobodyWaitsForAThreadThatDoesNotCome()
    {
        int busy = ThreadPool.ThreadCount + 50, left = busy;
        using var go = new ManualResetEventSlim();
        for (int i = 0; i < busy; i++)
            ThreadPool.UnsafeQueueUserWorkItem(_ =>
            {
                go.Wait(_patience);
                Interlocked.Decrement(ref left);
            }, null);
        var caller = new Thread(() =>
        {
            using var team = new Team(2);
            team.Share(3, _ => { });
        });
        caller.Start();

        bool isDone = caller.Join(_patience);
        go.Set();

        Assert.IsTrue(isDone);
        Assert.IsTrue(SpinWait.SpinUntil(() => Volatile.Read(ref left) == 0, _patience));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    public void AFailureReachesTheCallerAndTheTeamGoesOn(int threads)
    {
        using var team = new Team(threads);
        int done = 0;

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => team.Share(8, part =>
        {
            if (part == 3)
                throw new InvalidOperationException("part 3");
            Interlocked.Increment(ref done);
        }));
        Assert.AreEqual("part 3", error.Message);
        done = 0;
        team.Share(8, _ => Interlocked.Increment(ref done));

        Assert.AreEqual(8, done);
    }
}
