using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Runtime;

/// <summary>libtorch's number of threads for as long as the scope lives; the process's own setting comes back after.</summary>
internal sealed class ThreadScope : IDisposable
{
    private readonly int _before = torch.get_num_threads();

    /// <param name="threads">Null leaves the setting alone.</param>
    public ThreadScope(int? threads)
    {
        if (threads is { } count && count != _before)
            torch.set_num_threads(count);
    }

    public void Dispose()
    {
        if (torch.get_num_threads() != _before)
            torch.set_num_threads(_before);
    }
}
