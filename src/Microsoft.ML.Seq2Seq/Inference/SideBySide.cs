using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>Work in independent pieces, on several threads that compute alone.</summary>
internal static class SideBySide
{
    /// <summary>Threads that are worth it: as many as libtorch has for the caller, and one to wait for a GPU.</summary>
    public static int Threads(Device device) => device.type == DeviceType.CPU ? ThreadSetting.Count : 1;

    /// <summary>Deals the pieces out to workers, in their order. The first failure stops the others.</summary>
    public static void ForEach<T>(
        string name, IReadOnlyList<T> pieces, int threads, Action<T, CancellationToken> work, CancellationToken cancellation = default)
    {
        if (threads == 1 || pieces.Count == 0)
        {
            foreach (var piece in pieces)
                work(piece, cancellation);
            return;
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        int next = -1;
        SingleThreads.Run(name, Math.Min(threads, pieces.Count), () =>
        {
            try
            {
                for (int i; (i = Interlocked.Increment(ref next)) < pieces.Count && !stop.IsCancellationRequested;)
                    work(pieces[i], stop.Token);
            }
            catch
            {
                stop.Cancel();
                throw;
            }
        });
        cancellation.ThrowIfCancellationRequested();
    }
}
