using System.Runtime.CompilerServices;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>What search wants to know first of logits, found while they are in the cache of whoever computed them: of each
/// block of <see cref="LogitBlock.Length"/> the largest, and the sum of their exponentials.</summary>
/// <param name="logits">(rows, padded vocabulary)</param>
/// <param name="vocabulary">Logits of a row.</param>
/// <param name="maxima">(rows, <see cref="LogitBlock.Count"/>) to fill.</param>
/// <param name="sums">(rows, <see cref="LogitBlock.Count"/>) to fill.</param>
internal readonly unsafe struct LogitSummary(float* logits, int vocabulary, float* maxima, float* sums)
{
    private readonly nint _width = PackedMatrix.Padded(vocabulary);
    private readonly int _blocks = LogitBlock.Count(vocabulary);

    /// <summary>Sums up some blocks of some rows.</summary>
    /// <param name="first">Of the rows, in the logits.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(float* first, int rows, int firstBlock, int lastBlock)
    {
        nint row = (nint)(first - logits) / _width;
        for (nint end = row + rows; row < end; row++)
            LogitBlock.Summarize(new ReadOnlySpan<float>(logits + row * _width, vocabulary), firstBlock, lastBlock,
                new Span<float>(maxima + row * _blocks, _blocks), new Span<float>(sums + row * _blocks, _blocks));
    }
}
