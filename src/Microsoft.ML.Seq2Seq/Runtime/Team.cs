using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>
/// Threads that share one small piece of work after the other, each taking parts as long as there are any: for work of a
/// few microseconds, where to wake a thread would cost more than it saves. A thread of the pool that comes late finds nothing
/// left: nobody waits for it to begin.
/// </summary>
/// <param name="threads">The caller's included; 1: it works alone.</param>
internal sealed class Team(int threads) : IThreadPoolWorkItem, IDisposable
{
    /// <summary>How long a thread stays for the next piece of work: 50 µs. To wake one costs as much.</summary>
    private static readonly long _patience = Stopwatch.Frequency / 20_000;

    private Action<int> _body = null!; // of the work under way
    private long _open; // the work's number, and in the lower half the parts that nobody has taken
    private int _unfinished; // parts
    private int _helpers; // threads that were called and have not left
    private int _present; // of these, those that have come
    private Exception? _failure; // the first of the work under way
    private bool _isOver;

    /// <summary>The caller and nobody else.</summary>
    public static Team Alone { get; } = new(1);

    public int Threads => threads;

    /// <summary>Does all parts, each once, in any order and on any thread. Returns when they are done.</summary>
    /// <param name="parts">How many.</param>
    /// <param name="body">Does one. It must not share work itself. Where it fails, the other parts are done all the same.</param>
    public void Share(int parts, Action<int> body)
    {
        if (threads == 1 || parts == 1)
        {
            for (int part = 0; part < parts; part++)
                body(part);
            return;
        }
        _body = body;
        _unfinished = parts;
        Volatile.Write(ref _open, ((_open >> 32) + 1 << 32) + parts);
        for (int i = 1 + Volatile.Read(ref _helpers); i < Math.Min(threads, parts); i++)
        {
            Interlocked.Increment(ref _helpers);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
        Work();
        for (var wait = new SpinWait(); Volatile.Read(ref _unfinished) > 0;)
            wait.SpinOnce(sleep1Threshold: -1);
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>What a thread of the pool does: helps with this work and with what follows at once.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        Interlocked.Increment(ref _present);
        long start = Stopwatch.GetTimestamp(), asked = start;
        for (long now = start; now - start < _patience && !Volatile.Read(ref _isOver); now = Stopwatch.GetTimestamp())
        {
            if ((int)Volatile.Read(ref _open) > 0)
            {
                Work();
                start = asked = Stopwatch.GetTimestamp();
            }
            else if (now - asked > _patience / 8)
            {
                // A thread that waits here is one that others lack.
                if (ThreadPool.PendingWorkItemCount > Volatile.Read(ref _helpers) - Volatile.Read(ref _present))
                    break;
                asked = now;
            }
            Thread.SpinWait(1);
        }
        Interlocked.Decrement(ref _present);
        Interlocked.Decrement(ref _helpers);
    }

    /// <summary>The helpers may go.</summary>
    public void Dispose() => Volatile.Write(ref _isOver, true);

    /// <summary>Takes parts until none is left.</summary>
    private void Work()
    {
        for (long open = Volatile.Read(ref _open); (int)open > 0;)
        {
            // The work's number is compared too: a part that is taken is one of the work whose body is read here.
            long seen = Interlocked.CompareExchange(ref _open, open - 1, open);
            if (seen == open)
            {
                try
                {
                    _body((int)open - 1);
                }
                catch (Exception error)
                {
                    Interlocked.CompareExchange(ref _failure, error, null);
                }
                Interlocked.Decrement(ref _unfinished);
                seen = Volatile.Read(ref _open);
            }
            open = seen;
        }
    }
}
