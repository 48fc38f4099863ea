using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// How a batch lies in the matrix that layers read, a token in each row: one sequence after the other, then up to
/// <paramref name="Count"/> rows of no token, zeros where they come in. Nothing reads them and no gradient comes from them, so
/// that they change no weight.
/// </summary>
/// <param name="Sequences">B</param>
/// <param name="Length">T, padding included.</param>
/// <param name="Count">N, at least B·T.</param>
internal readonly record struct TokenRows(long Sequences, long Length, long Count)
{
    /// <param name="tokens">(B, T, …)</param>
    /// <param name="training">Null at prediction: no rows of zeros.</param>
    public static TokenRows Of(Tensor tokens, TrainingPass? training)
    {
        long[] shape = tokens.shape;
        long count = shape[0] * shape[1];
        return new TokenRows(shape[0], shape[1], training?.RowsFor(count, tokens.device) ?? count);
    }

    private long Tokens => Sequences * Length;

    /// <summary>(B, T, W) → (N, W)</summary>
    public Tensor Join(Tensor sequences) => Pad(sequences.view(Tokens, -1), Count);

    /// <summary>(N, W) → (B, T, W), a view.</summary>
    public Tensor Split(Tensor rows) => (Count == Tokens ? rows : rows.narrow(0, 0, Tokens)).view(Sequences, Length, -1);

    /// <summary>(n, W) → (count, W), with zeros behind the rows.</summary>
    public static Tensor Pad(Tensor rows, long count)
    {
        var shape = rows.shape;
        return count == shape[0] ? rows : torch.cat([rows, torch.zeros([count - shape[0], shape[1]], rows.dtype, rows.device)]);
    }
}
