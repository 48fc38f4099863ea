using System.Threading.Channels;
using Microsoft.ML.Seq2Seq.Inference;

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
    private readonly int _maxBatchSize;
    private readonly TimeSpan _maxDelay;
    private readonly BatchDecoder _decode;
    private readonly Action _release;
    private readonly Task _loop;

    /// <param name="decode">Decodes a batch.</param>
    /// <param name="options">Validated.</param>
    /// <param name="release">Called once, when nothing more will be decoded.</param>
    internal Seq2SeqBatcher(BatchDecoder decode, Seq2SeqBatcherOptions options, Action release)
    {
        _decode = decode;
        _release = release;
        _maxBatchSize = options.MaxBatchSize;
        _maxDelay = options.MaxDelay;
        _queue = Channel.CreateBounded<PendingRequest>(new BoundedChannelOptions(options.QueueCapacity) { SingleReader = true });
        _loop = Task.Run(ServeAsync);
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
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(Seq2SeqBatcher));
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
        try
        {
            var batch = new List<PendingRequest>(_maxBatchSize);
            while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                await GatherAsync(batch).ConfigureAwait(false);
                batch.RemoveAll(request => request.Answer.IsCompleted); // given up
                if (batch.Count > 0)
                    Serve(batch);
                batch.Clear();
            }
        }
        finally
        {
            _release();
        }
    }

    /// <summary>Takes what is there, and what comes within the delay.</summary>
    private async Task GatherAsync(List<PendingRequest> batch)
    {
        using var delay = new CancellationTokenSource();
        Task? over = null;
        while (true)
        {
            while (batch.Count < _maxBatchSize && _queue.Reader.TryRead(out var request))
                batch.Add(request);
            if (batch.Count == _maxBatchSize || _maxDelay == TimeSpan.Zero)
                break;
            over ??= Task.Delay(_maxDelay, delay.Token);
            var more = _queue.Reader.WaitToReadAsync(delay.Token).AsTask();
            if (await Task.WhenAny(more, over).ConfigureAwait(false) == over || !await more.ConfigureAwait(false))
                break;
        }
        await delay.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Answers a batch. Once all of its requests are given up it is not decoded to its end.</summary>
    private void Serve(List<PendingRequest> batch)
    {
        using var allGivenUp = new CancellationTokenSource();
        int waiting = batch.Count;
        CancellationTokenRegistration[] givingUp = [.. batch.Select(request => request.Cancellation.UnsafeRegister(_ =>
        {
            if (Interlocked.Decrement(ref waiting) == 0)
                allGivenUp.Cancel();
        }, null))];
        try
        {
            var generations = _decode([.. batch.Select(request => new GenerationRequest(request.Source))], allGivenUp.Token);
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
