using System.Runtime.ExceptionServices;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>Several threads on each of which libtorch computes alone: for work in independent pieces this beats one
/// thread whose every operation is shared out.</summary>
/// <remarks>
/// libtorch's number of threads belongs to each thread that has used libtorch; what was set last, on whichever thread, is what
/// new threads begin with. So one more new thread notes what it began with, waits until the workers have set theirs, and sets
/// that again before any work starts: the caller and the rest of the process keep what they have.
/// </remarks>
internal static class SingleThreads
{
    private static readonly Lock _changingTheSetting = new();

    /// <summary>Runs a body on so many new threads at once, and returns when all have ended.</summary>
    /// <remarks>The first failure is thrown again here; that the other threads then stop early is up to the body.</remarks>
    public static void Run(string name, int threads, Action body)
    {
        Exception? first = null;
        using var isSet = new CountdownEvent(threads);
        using var isRestored = new ManualResetEventSlim();
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(i => new Thread(Work)
        {
            IsBackground = true,
            Name = $"{name} {i + 1}",
        })];
        lock (_changingTheSetting)
        {
            var keeper = new Thread(() =>
            {
                int before = torch.get_num_threads();
                foreach (var worker in workers)
                    worker.Start();
                isSet.Wait();
                torch.set_num_threads(before);
            })
            { IsBackground = true, Name = name };
            keeper.Start();
            keeper.Join();
        }
        isRestored.Set();
        foreach (var worker in workers)
            worker.Join();
        if (first is not null)
            ExceptionDispatchInfo.Throw(first);

        void Work()
        {
            torch.set_num_threads(1);
            // A thread takes over what new threads begin with at its first use, even after it set its own: here, while both are 1.
            _ = torch.get_num_threads();
            isSet.Signal();
            isRestored.Wait();
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
