namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>A thread that does one piece of work after the other. libtorch's settings belong to a thread, so that
/// the thread pool, whose threads others use too, will not do.</summary>
internal sealed class WorkerThread : IDisposable
{
    private readonly SemaphoreSlim _start = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private Action? _work;
    private Exception? _error;

    public WorkerThread(string name) => new Thread(Run) { IsBackground = true, Name = name }.Start();

    /// <summary>Call <see cref="Wait"/> before the next.</summary>
    public void Start(Action work)
    {
        _work = work;
        _start.Release();
    }

    /// <summary>Until the work is done.</summary>
    /// <returns>What it threw.</returns>
    public Exception? Wait()
    {
        _done.Wait();
        return _error;
    }

    /// <summary>Only while no work is under way.</summary>
    public void Dispose()
    {
        _work = null;
        _start.Release();
        _done.Wait();
        _start.Dispose();
        _done.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _start.Wait();
            _error = null;
            try
            {
                _work?.Invoke();
            }
            catch (Exception e)
            {
                _error = e;
            }
            bool isLast = _work is null;
            _done.Release();
            if (isLast)
                return;
        }
    }
}
