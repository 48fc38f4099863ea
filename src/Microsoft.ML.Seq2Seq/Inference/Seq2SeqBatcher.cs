using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>
/// Answers many callers at a time, such as the requests of a web service, by decoding their texts in batches. Made by
/// <see cref="Seq2SeqTransformer.CreateBatcher"/>; it shares the transformer's weights and keeps them until it is disposed.
/// </summary>
/// <remarks>
/// First come, first served. Each answer is what <see cref="Seq2SeqTransformer.Generate(string, DecodingOptions?)"/> gives,
/// whoever shares the batch. Safe to use from any number of threads.
/// </remarks>
public sealed class Seq2SeqBatcher : IAsyncDisposable
{
    private readonly Channel<PendingRequest> _queue;
    private readonly BlockingCollection<(List<PendingRequest> Requests, int Threads)> _dealt = [];
    private readonly SemaphoreSlim _idle; // workers
    private readonly TaskCompletionSource _areThere = new(TaskCreationOptions.RunContinuationsAsynchronously); // the workers
    private readonly int _workers;
    private readonly int _threads;
    private readonly int _maxBatchSize;
    private readonly TimeSpan _maxDelay;
    private readonly BatchDecoder _decode;
    private readonly Action _release;
    private readonly Task _loop;

    /// <param name="decode">Decodes a batch.</param>
    /// <param name="threads">That decode: one for each batch under way, or several where there are fewer batches.</param>
    /// <param name="options">Validated.</param>
    /// <param name="release">Called once, when nothing more will be decoded.</param>
    internal Seq2SeqBatcher(BatchDecoder decode, int threads, Seq2SeqBatcherOptions options, Action release)
    {
        _decode = decode;
        _threads = threads;
        _workers = Math.Clamp(options.MaxBatchSize / TextGenerator.LeastShare, 1, threads); // all together take no more than the most
        _release = release;
        _maxBatchSize = options.MaxBatchSize;
        _maxDelay = options.MaxDelay;
        _idle = new SemaphoreSlim(_workers);
        _queue = Channel.CreateBounded<PendingRequest>(new BoundedChannelOptions(options.QueueCapacity) { SingleReader = true });
        _loop = ServeAsync();
    }

    /// <summary>What the model writes for a text.</summary>
    /// <param name="source">The text; null or empty gives an empty text with a score of NaN.</param>
    /// <param name="ct">Gives this request up, whether it waits or is being decoded, and disturbs no other.</param>
    /// <exception cref="ObjectDisposedException">The batcher was disposed before the request was taken in.</exception>
    public async Task<Generation> GenerateAsync(string source, CancellationToken ct = default)
    {
        using var request = new PendingRequest(source, ct);
        try
        {
            await _queue.Writer.WriteAsync(request, ct).ConfigureAwait(false);
        }
        catch (ChannelClosedException closed)
        {
            throw closed.InnerException ?? new ObjectDisposedException(nameof(Seq2SeqBatcher));
        }
        return await request.Answer.ConfigureAwait(false);
    }

    /// <summary>Takes in no more requests and returns when those taken in have been answered or given up. Whoever still waits for
    /// a place in the queue gets an <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
    }

    private async Task ServeAsync()
    {
        var working = Task.Factory.StartNew(
            () => SingleThreads.Run("Decoding", _workers, Work), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var batch = new List<PendingRequest>();
        try
        {
            if (await Task.WhenAny(working, _areThere.Task).ConfigureAwait(false) == working)
                await working.ConfigureAwait(false); // why they are not
            while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                await _idle.WaitAsync().ConfigureAwait(false);
                int idle = 1;
                while (idle < _workers && await _idle.WaitAsync(TimeSpan.Zero).ConfigureAwait(false))
                    idle++;
                // No worker takes more than its part: those that come back from others' batches find one that waits for them.
                await GatherAsync(batch, _maxBatchSize / _workers * idle).ConfigureAwait(false);
                idle -= DealOut(batch, idle);
                if (idle > 0)
                    _idle.Release(idle);
            }
        }
        catch (Exception error)
        {
            // Whatever it was: nobody waits for an answer that does not come.
            _queue.Writer.TryComplete(error);
            while (_queue.Reader.TryRead(out var request))
                batch.Add(request);
            foreach (var request in batch)
                request.Fail(error);
            throw;
        }
        finally
        {
            _dealt.CompleteAdding();
            await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // a failure is that of the serving
            _dealt.Dispose();
            _idle.Dispose();
            _release();
        }
    }

    /// <summary>Gives a batch to as many of the idle workers as it is worth.</summary>
    /// <returns>How many that are.</returns>
    private int DealOut(List<PendingRequest> batch, int idle)
    {
        batch.RemoveAll(request => request.Answer.IsCompleted); // given up
        int shares = batch.Count == 0 ? 0 : Math.Clamp(batch.Count / TextGenerator.LeastShare, 1, idle);
        // Short and long texts to each, so that the shares weigh the same.
        PendingRequest[] byLength = [.. batch.OrderBy(request => request.Source?.Length ?? 0)];
        for (int share = 0; share < shares; share++)
            _dealt.Add(([.. byLength.Where((_, i) => i % shares == share)], Math.Max(1, _threads * idle / (_workers * shares))));
        return shares;
    }

    /// <summary>What each worker does.</summary>
    private void Work()
    {
        _areThere.TrySetResult();
        foreach (var (requests, threads) in _dealt.GetConsumingEnumerable())
        {
            Serve(requests, threads);
            _idle.Release();
        }
    }

    /// <summary>Takes what is there, and what comes within the delay.</summary>
    /// <param name="batch">Becomes these.</param>
    /// <param name="most">How many.</param>
    private async Task GatherAsync(List<PendingRequest> batch, int most)
    {
        batch.Clear();
        using var delay = new CancellationTokenSource();
        Task? over = null;
        while (true)
        {
            while (batch.Count < most && _queue.Reader.TryRead(out var request))
                batch.Add(request);
            if (batch.Count == most || _maxDelay == TimeSpan.Zero)
                break;
            over ??= Task.Delay(_maxDelay, delay.Token);
            var more = _queue.Reader.WaitToReadAsync(delay.Token).AsTask();
            if (await Task.WhenAny(more, over).ConfigureAwait(false) == over || !await more.ConfigureAwait(false))
                break;
        }
        await delay.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Answers a batch. Once all of its requests are given up it is not decoded to its end.</summary>
    private void Serve(List<PendingRequest> batch, int threads)
    {
        using var allGivenUp = new CancellationTokenSource();
        int waiting = batch.Count;
        var givingUp = new List<CancellationTokenRegistration>(batch.Count);
        try
        {
            foreach (var request in batch)
                givingUp.Add(request.Cancellation.UnsafeRegister(_ =>
                {
                    if (Interlocked.Decrement(ref waiting) == 0)
                        allGivenUp.Cancel();
                }, null));
            var generations = _decode([.. batch.Select(request => new GenerationRequest(request.Source))], threads, allGivenUp.Token);
            for (int i = 0; i < batch.Count; i++)
                batch[i].Complete(generations[i]);
        }
        catch (Exception error)
        {
            foreach (var request in batch)
                request.Fail(error);
        }
        foreach (var registration in givingUp)
            registration.Dispose();
    }
}
