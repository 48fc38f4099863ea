using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// How a batch lies in the matrix that layers read, a token in each row: one sequence after the other, then up to
/// <see cref="Count"/> rows of no token, zeros where they come in. Nothing reads them and no gradient comes from them, so
/// that they change no weight. In training on a CPU padding has no rows; else it stands behind each sequence.
/// </summary>
internal sealed class TokenRows
{
    private readonly bool _isTraining;

    /// <param name="lengths">(B) tokens of each sequence.</param>
    /// <param name="length">T, padding included.</param>
    /// <param name="device">Of the matrix.</param>
    /// <param name="training">Null at prediction: no rows of zeros.</param>
    public TokenRows(IReadOnlyList<int> lengths, long length, Device device, TrainingPass? training)
        : this(lengths.Count, length)
    {
        _isTraining = training is not null;
        if (training is null || device.type != DeviceType.CPU)
            return;
        Count = training.RowsFor(lengths.Sum(), device);
        Packed = new PackedTokens(lengths, (int)length, Count, training.Gradients);
    }

    /// <summary>Sequences of one length, at prediction.</summary>
    public TokenRows(long sequences, long length) => (Sequences, Length, Count) = (sequences, length, sequences * length);

    /// <summary>B</summary>
    public long Sequences { get; }

    /// <summary>T, padding included.</summary>
    public long Length { get; }

    /// <summary>N</summary>
    public long Count { get; }

    /// <summary>In training on a CPU; else null: padding has rows.</summary>
    public PackedTokens? Packed { get; }

    /// <summary>(B, T, W) in float32 → (N, W)</summary>
    public Tensor Join(Tensor sequences) =>
        Packed?.Join(sequences.unsqueeze(1), ScalarType.Float32) ?? sequences.view(Count, -1);

    /// <summary>(N, W) in float32 → (B, T, W)</summary>
    public Tensor Split(Tensor rows) =>
        Packed?.Split(rows, (int)rows.shape[1], [rows.shape[1]])[0].squeeze(1) ?? rows.view(Sequences, Length, -1);

    /// <summary>The heads of queries, keys or values that stand side by side, in float32: (N, W₁ + W₂ + …) → (B, W₁/d, T, d), (B, W₂/d, T, d) …</summary>
    /// <remarks>Attention is computed in float32: for heads this small bfloat16 is slower, and the softmax needs the range. Split at once: for a
    /// part cut out alone autograd makes a gradient of the whole, mostly zeros, and adds them up.</remarks>
    public Tensor[] SplitHeads(Tensor rows, int dimension, params long[] widths) => Packed?.Split(rows, dimension, widths)
        ?? Array.ConvertAll((_isTraining ? rows.to(ScalarType.Float32) : rows).view(Sequences, Length, -1).split(widths, 2),
            part => part.view(Sequences, Length, -1, dimension).transpose(1, 2));

    /// <summary>Heads side by side: (B, H, T, d) → (N, H·d)</summary>
    /// <param name="heads">float32.</param>
    /// <param name="type">Of the result, if it can be had at once.</param>
    public Tensor JoinHeads(Tensor heads, ScalarType type) => Packed?.Join(heads, type) ?? heads.transpose(1, 2).reshape(Count, -1);

    /// <summary>(n, W) → (count, W), with zeros behind the rows.</summary>
    public static Tensor Pad(Tensor rows, long count)
    {
        var shape = rows.shape;
        return count == shape[0] ? rows : torch.cat([rows, torch.zeros([count - shape[0], shape[1]], rows.dtype, rows.device)]);
    }
}
