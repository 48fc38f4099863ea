using System.Runtime.ExceptionServices;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>libtorch's number of threads.</summary>
/// <remarks>
/// It belongs to each thread that has used libtorch; what was set last, on whichever thread, is what new threads begin with. So
/// whoever sets it has one more new thread note what it began with and set that again: the rest of the process keeps what it has.
/// </remarks>
internal static class ThreadSetting
{
    private static readonly Lock _changing = new();

    /// <summary>The calling thread's.</summary>
    public static int Count
    {
        get
        {
            // A thread takes over what new threads begin with at its first use, which must not be in the middle of a change.
            lock (_changing)
                return torch.get_num_threads();
        }
    }

    /// <summary>Shares numbers from 0 out to as many threads as the calling one has.</summary>
    /// <param name="count">How many.</param>
    /// <param name="work">Gets the first, and the one after the last. What it throws is thrown here.</param>
    public static void Share(long count, Action<long, long> work)
    {
        int threads = torch.get_num_threads();
        long share = (count + threads - 1) / threads;
        if (threads == 1)
        {
            work(0, count);
            return;
        }
        try
        {
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads },
                thread => work(Math.Min(thread * share, count), Math.Min((thread + 1) * share, count)));
        }
        catch (AggregateException errors)
        {
            ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]); // as on one thread
        }
    }

    /// <summary>Sets the calling thread's.</summary>
    public static void Set(int count) => Change(() => Assign(count));

    /// <summary>The same, as part of a change.</summary>
    public static void Assign(int count)
    {
        _ = torch.get_num_threads(); // a first use after it was set would undo that
        torch.set_num_threads(count);
    }

    /// <summary>Runs what assigns to one thread or to several, and comes back when that is done.</summary>
    public static void Change(Action assign)
    {
        lock (_changing)
        {
            using var isNoted = new ManualResetEventSlim();
            using var isSet = new ManualResetEventSlim();
            var keeper = new Thread(() =>
            {
                int before = torch.get_num_threads();
                isNoted.Set();
                isSet.Wait();
                torch.set_num_threads(before);
            })
            { IsBackground = true, Name = "Thread setting" };
            keeper.Start();
            isNoted.Wait();
            try
            {
                assign();
            }
            finally
            {
                isSet.Set();
                keeper.Join();
            }
        }
    }
}
