namespace Microsoft.ML.Seq2Seq.Interop;

/// <summary>Whether work is to end, because a token was canceled or the <see cref="MLContext"/>, which says so only when
/// asked. Asking costs nanoseconds: once for every row or word is not too often.</summary>
/// <param name="Token">The user's.</param>
/// <param name="Host">Null where none is to be asked.</param>
internal readonly record struct Cancellation(CancellationToken Token, HostSettings? Host = null)
{
    public bool IsRequested => Token.IsCancellationRequested || Host is { IsCanceled: true };

    /// <exception cref="OperationCanceledException">Work is to end.</exception>
    public void ThrowIfRequested()
    {
        Token.ThrowIfCancellationRequested();
        if (IsRequested)
            throw new OperationCanceledException("The execution of the MLContext was canceled.");
    }
}
