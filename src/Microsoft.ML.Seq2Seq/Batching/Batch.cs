using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Batching;

/// <summary>
/// Padded source sequences on a device, with the mask that hides the padding. Every source ends with the end token,
/// so that even an empty text has one position to attend to and no attention row is ever fully masked.
/// </summary>
internal class SourceBatch : IDisposable
{
    protected SourceBatch(Tensor source, int[] sourceLengths, Device device)
    {
        Source = source;
        SourceLengths = sourceLengths;
        SourceMask = PaddingMask(sourceLengths, (int)source.shape[1], device);
    }

    /// <summary>(B, S) token ids, int64; padding is <see cref="SpecialTokens.Pad"/>.</summary>
    public Tensor Source { get; }

    /// <summary>Number of tokens of each row, the end token included.</summary>
    public IReadOnlyList<int> SourceLengths { get; }

    /// <summary>(B, 1, 1, S) additive: 0 to attend, -∞ to hide; null where nothing is padded.</summary>
    public Tensor? SourceMask { get; }

    public int Rows => SourceLengths.Count;

    public static SourceBatch Create(IReadOnlyList<int[]> sources, Device device)
    {
        var (ids, lengths) = Pad(sources, device, end: true);
        return new SourceBatch(ids, lengths, device);
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        Source.Dispose();
        SourceMask?.Dispose();
    }

    /// <summary>Rows of token ids → (B, longest) with one special token before or after each row.</summary>
    protected static (Tensor Ids, int[] Lengths) Pad(IReadOnlyList<int[]> rows, Device device, bool end)
    {
        int[] lengths = [.. rows.Select(row => row.Length + 1)];
        int width = lengths.Max();
        var ids = new long[rows.Count * width]; // SpecialTokens.Pad is 0
        for (int i = 0; i < rows.Count; i++)
        {
            var row = ids.AsSpan(i * width, lengths[i]);
            int[] text = rows[i];
            for (int t = 0; t < text.Length; t++)
                row[end ? t : t + 1] = text[t];
            row[end ? text.Length : 0] = end ? SpecialTokens.End : SpecialTokens.Begin;
        }
        return (torch.tensor(ids, [rows.Count, width], ScalarType.Int64, device), lengths);
    }

    private static Tensor? PaddingMask(int[] lengths, int width, Device device)
    {
        if (lengths.All(length => length == width))
            return null;
        var mask = new float[lengths.Length * width];
        for (int i = 0; i < lengths.Length; i++)
            mask.AsSpan(i * width + lengths[i], width - lengths[i]).Fill(float.NegativeInfinity);
        return torch.tensor(mask, [lengths.Length, 1, 1, width], ScalarType.Float32, device);
    }
}

/// <summary>
/// A batch for teacher forcing. The shift is made here and nowhere else: the decoder reads
/// <c>begin, t₁ … tₙ</c> and must write <c>t₁ … tₙ, end</c>.
/// </summary>
internal sealed class Batch : SourceBatch
{
    private Batch(Tensor source, int[] sourceLengths, Tensor input, Tensor output, int[] targetLengths, Device device)
        : base(source, sourceLengths, device)
    {
        TargetInput = input;
        TargetOutput = output;
        TargetLengths = targetLengths;
        TargetTokens = targetLengths.Sum();
        TargetPositions = Positions(targetLengths, (int)input.shape[1], device);
    }

    /// <summary>(B, T) what the decoder reads, int64.</summary>
    public Tensor TargetInput { get; }

    /// <summary>(B, T) what it must write, int64.</summary>
    public Tensor TargetOutput { get; }

    /// <summary>Number of target tokens of each row, the end token included.</summary>
    public IReadOnlyList<int> TargetLengths { get; }

    /// <summary>Target tokens that count in the loss: all but padding.</summary>
    public int TargetTokens { get; }

    /// <summary>(N) where the target tokens stand in (B·T), row by row: everything but padding, int64.</summary>
    public Tensor TargetPositions { get; }

    public static Batch Create(EncodedPairs pairs, ReadOnlySpan<int> rows, Device device)
    {
        int[][] sources = new int[rows.Length][], targets = new int[rows.Length][];
        for (int i = 0; i < rows.Length; i++)
            (sources[i], targets[i]) = (pairs.Source(rows[i]), pairs.Target(rows[i]));
        var (source, sourceLengths) = Pad(sources, device, end: true);
        var (input, targetLengths) = Pad(targets, device, end: false);
        var (output, _) = Pad(targets, device, end: true);
        return new Batch(source, sourceLengths, input, output, targetLengths, device);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        TargetInput.Dispose();
        TargetOutput.Dispose();
        TargetPositions.Dispose();
    }

    private static Tensor Positions(int[] lengths, int width, Device device)
    {
        var positions = new List<long>(lengths.Length * width);
        for (int row = 0; row < lengths.Length; row++)
            for (int t = 0; t < lengths[row]; t++)
                positions.Add((long)row * width + t);
        return torch.tensor(positions.ToArray(), device: device);
    }
}
