using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Where a replica puts the logits of a chunk of rows, the largest matrix of a training step, again and again. From the heap it
/// would come out of memory just freed, which smaller blocks then break up, or out of new memory, which the system clears at the
/// price of the product.</summary>
internal sealed class LogitBuffer : IDisposable
{
    private Tensor? _values; // (largest number of logits so far)

    /// <summary>xWᵀ in bfloat16: (n, D), (V, D) → (n, V), valid until the next call.</summary>
    public Tensor Multiply(Tensor rows, Tensor weight)
    {
        long n = rows.shape[0], vocabulary = weight.shape[0];
        if (_values is null || _values.numel() < n * vocabulary)
        {
            _values?.Dispose();
            _values = null; // there may be no memory for another
            _values = torch.empty(n * vocabulary, rows.dtype).DetachFromDisposeScope();
        }
        // With a factor of zero what is in the buffer isn't read.
        return _values.narrow(0, 0, n * vocabulary).view(n, vocabulary).addmm_(rows, weight.t(), beta: 0, alpha: 1);
    }

    public void Dispose() => _values?.Dispose();
}
