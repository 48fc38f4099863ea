using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Rows of a matrix of logits on a CPU, each as float32 while the core's own cache has it.</summary>
internal sealed unsafe class LogitRows
{
    private readonly Tensor _logits;
    private readonly bool _isReduced;
    private readonly byte* _first;

    /// <param name="logits">(n, V) float32 or bfloat16, contiguous, n at least 1; it must outlive this.</param>
    public LogitRows(Tensor logits)
    {
        _logits = logits;
        _isReduced = logits.dtype == ScalarType.BFloat16;
        Vocabulary = (int)logits.shape[1];
        _first = (byte*)logits.Address();
    }

    public int Vocabulary { get; }

    /// <summary>A row to read and to overwrite.</summary>
    /// <param name="row">Which.</param>
    /// <param name="scratch">(V) of the caller's thread; made where it is needed.</param>
    public Span<float> Read(int row, ref float[]? scratch)
    {
        if (!_isReduced)
            return new Span<float>((float*)_first + (long)row * Vocabulary, Vocabulary);
        scratch ??= GC.AllocateUninitializedArray<float>(Vocabulary);
        BFloat16Rows.Widen((ushort*)_first + (long)row * Vocabulary, scratch);
        return scratch;
    }

    /// <summary>Puts back what <see cref="Read"/> gave.</summary>
    public void Write(int row, ReadOnlySpan<float> values)
    {
        if (_isReduced)
            BFloat16Rows.Round(values, (ushort*)_first + (long)row * Vocabulary);
    }

    /// <summary>Shares rows from 0 out to libtorch's number of threads.</summary>
    /// <param name="count">How many.</param>
    /// <param name="work">Gets the first, and the one after the last.</param>
    public void Share(int count, Action<int, int> work)
    {
        ThreadSetting.Share(count, (start, end) => work((int)start, (int)end));
        GC.KeepAlive(_logits);
    }
}
