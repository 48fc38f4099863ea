namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>A caller's text and the answer that it waits for.</summary>
internal sealed class PendingRequest : IDisposable
{
    // A caller goes on elsewhere than on the thread that decodes for the others.
    private readonly TaskCompletionSource<Generation> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _givingUp;

    public PendingRequest(string? source, CancellationToken cancellation)
    {
        Source = source;
        Cancellation = cancellation;
        _givingUp = cancellation.UnsafeRegister((request, token) => ((PendingRequest)request!)._answer.TrySetCanceled(token), this);
    }

    public string? Source { get; }

    /// <summary>Whether the caller still waits.</summary>
    public CancellationToken Cancellation { get; }

    public Task<Generation> Answer => _answer.Task;

    public void Complete(Generation answer) => _answer.TrySetResult(answer);

    public void Fail(Exception error) => _answer.TrySetException(error);

    public void Dispose() => _givingUp.Dispose();
}

/// <summary>What <see cref="TextGenerator.Generate"/> does, for one batch.</summary>
/// <param name="workers">Threads that it may use.</param>
internal delegate Generation[] BatchDecoder(IReadOnlyList<GenerationRequest> requests, int workers, CancellationToken cancellation);
