using System.Runtime.ExceptionServices;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>Several threads on each of which libtorch computes alone: for work in independent pieces this beats one
/// thread whose every operation is shared out.</summary>
internal static class SingleThreads
{
    /// <summary>Runs a body on so many new threads at once, and returns when all have ended.</summary>
    /// <remarks>The first failure is thrown again here; that the other threads then stop early is up to the body.</remarks>
    public static void Run(string name, int threads, Action body)
    {
        Exception? first = null;
        int started = 0;
        bool areAll = false; // none works where one could not be had
        using var isSet = new CountdownEvent(threads);
        using var isRestored = new ManualResetEventSlim();
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(i => new Thread(Work)
        {
            IsBackground = true,
            Name = $"{name} {i + 1}",
        })];
        try
        {
            ThreadSetting.Change(() =>
            {
                for (; started < threads; started++)
                    workers[started].Start();
                isSet.Wait();
            });
            areAll = true;
        }
        finally
        {
            isRestored.Set();
            foreach (var worker in workers[..started])
                worker.Join();
        }
        if (first is not null)
            ExceptionDispatchInfo.Throw(first);

        void Work()
        {
            ThreadSetting.Assign(1);
            isSet.Signal();
            isRestored.Wait();
            if (!areAll)
                return;
            try
            {
                body();
            }
            catch (Exception error)
            {
                Interlocked.CompareExchange(ref first, error, null);
            }
        }
    }
}
