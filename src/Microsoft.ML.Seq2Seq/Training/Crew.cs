using System.Runtime.ExceptionServices;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Threads that each do their part of one piece of work after the other, and on which libtorch computes alone. Its
/// settings belong to a thread, so that the thread pool, whose threads others use too, will not do.</summary>
internal sealed class Crew : IDisposable
{
    private readonly SemaphoreSlim[] _start;
    private readonly SemaphoreSlim _done = new(0);
    private readonly Exception?[] _errors;
    private readonly Task _threads;
    private Action<int>? _work;

    /// <exception cref="OutOfMemoryException">There are not that many threads to be had.</exception>
    public Crew(string name, int size)
    {
        _start = [.. Enumerable.Range(0, size).Select(_ => new SemaphoreSlim(0))];
        _errors = new Exception?[size];
        int next = -1;
        _threads = Task.Factory.StartNew(() => SingleThreads.Run(name, size, () => Serve(Interlocked.Increment(ref next))),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task.WaitAny(_threads, Task.WhenAll(_start.Select(_ => _done.WaitAsync())));
        if (_threads.IsFaulted)
            _threads.GetAwaiter().GetResult();
    }

    /// <summary>Calls it with 0 to one less than there are threads, each number on the same thread every time, and returns when
    /// all are done. The first failure is thrown again here.</summary>
    public void Run(Action<int> work)
    {
        Send(work);
        foreach (var _ in _start)
            _done.Wait();
        if (Array.Find(_errors, error => error is not null) is { } first)
            ExceptionDispatchInfo.Throw(first);
    }

    public void Dispose()
    {
        Send(null);
        _threads.Wait();
        foreach (var start in _start)
            start.Dispose();
        _done.Dispose();
    }

    /// <param name="work">Null ends the threads.</param>
    private void Send(Action<int>? work)
    {
        _work = work;
        foreach (var start in _start)
            start.Release();
    }

    private void Serve(int number)
    {
        _done.Release(); // it is there
        while (true)
        {
            _start[number].Wait();
            if (_work is not { } work)
                return;
            _errors[number] = null;
            try
            {
                work(number);
            }
            catch (Exception error)
            {
                _errors[number] = error;
            }
            _done.Release();
        }
    }
}
