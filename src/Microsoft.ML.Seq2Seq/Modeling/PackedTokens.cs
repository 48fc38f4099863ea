using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// From a matrix of tokens to the heads of padded sequences and back, on a CPU, in one pass each: padding, transposing and
/// conversion, which libtorch makes in one pass after the other. Padding is zeros, and so are the rows of no token.
/// </summary>
/// <param name="lengths">(B) tokens of each sequence.</param>
/// <param name="length">T</param>
/// <param name="count">N, at least n.</param>
/// <param name="gradients">What is returned to autograd.</param>
internal sealed unsafe class PackedTokens(IReadOnlyList<int> lengths, int length, long count, GradientHold gradients)
{
    private readonly int[] _tokens = [.. lengths.SelectMany((tokens, row) => Enumerable.Range(row * length, tokens))]; // (n) where the token of each row stands in (B·T)
    private readonly int[] _starts = Starts(lengths);

    /// <summary>B</summary>
    public int Sequences => lengths.Count;

    /// <summary>T</summary>
    public int Length => length;

    /// <summary>The row where a sequence begins.</summary>
    public int Start(int sequence) => _starts[sequence];

    /// <summary>Tokens of a sequence.</summary>
    public int LengthOf(int sequence) => lengths[sequence];

    /// <summary>(N, W₁ + W₂ + …) → (B, W₁/d, T, d), (B, W₂/d, T, d) … in float32.</summary>
    public Tensor[] Split(Tensor rows, int dimension, long[] widths)
    {
        using var scope = NewDisposeScope(); // the forward pass leaves handles of its own
        return [.. HeadSplit.apply(rows.contiguous(), this, dimension, widths).Select(part => part.MoveToOuterDisposeScope())];
    }

    /// <summary>(B, H, T, d) in float32 → (N, H·d) in float32 or bfloat16.</summary>
    public Tensor Join(Tensor heads, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return HeadJoin.apply(heads.contiguous(), this, type).MoveToOuterDisposeScope();
    }

    private Tensor NewHeads(long heads, long dimension)
    {
        long[] shape = [Sequences, heads, length, dimension];
        return _tokens.Length < Sequences * length ? torch.zeros(shape) : torch.empty(shape);
    }

    /// <summary>(N, width) of anything, and zeros in the rows of no token.</summary>
    public Tensor NewRows(long width, ScalarType type)
    {
        var rows = torch.empty(count, width, type);
        if (count > _tokens.Length)
            rows.narrow(0, _tokens.Length, count - _tokens.Length).zero_();
        return rows;
    }

    /// <summary>Copies between some columns of the matrix and heads.</summary>
    /// <param name="rows">(N, W) float32 or bfloat16.</param>
    /// <param name="column">The first.</param>
    /// <param name="heads">(B, H, T, d) float32.</param>
    /// <param name="toHeads">The direction.</param>
    private void Copy(Tensor rows, long column, Tensor heads, bool toHeads)
    {
        long[] shape = heads.shape;
        long number = shape[1], width = rows.shape[1];
        int dimension = (int)shape[3];
        bool isReduced = rows.dtype == ScalarType.BFloat16;
        var (matrix, blocks) = (rows.Address(), heads.Address());
        ThreadSetting.Share(_tokens.Length, (start, end) =>
        {
            for (long row = start; row < end; row++)
            {
                var (sequence, position) = Math.DivRem(_tokens[row], length);
                float* head = (float*)blocks + (sequence * number * length + position) * dimension;
                long first = row * width + column;
                for (long i = 0; i < number; i++, head += length * dimension, first += dimension)
                    if (!isReduced)
                        (toHeads ? new Span<float>((float*)matrix + first, dimension) : new Span<float>(head, dimension))
                            .CopyTo(toHeads ? new Span<float>(head, dimension) : new Span<float>((float*)matrix + first, dimension));
                    else if (toHeads)
                        HeadRows.Copy<BFloat16Numbers, Float32Numbers>((ushort*)matrix + first, head, dimension);
                    else
                        HeadRows.Copy<Float32Numbers, BFloat16Numbers>(head, (ushort*)matrix + first, dimension);
            }
        });
        GC.KeepAlive(rows);
        GC.KeepAlive(heads);
    }

    private static int[] Starts(IReadOnlyList<int> lengths)
    {
        int[] starts = new int[lengths.Count];
        for (int i = 1; i < starts.Length; i++)
            starts[i] = starts[i - 1] + lengths[i - 1];
        return starts;
    }

    private sealed class HeadSplit : autograd.MultiTensorFunction<HeadSplit>
    {
        public override string Name => "heads of tokens";

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (rows, packed, dimension, widths) = ((Tensor)vars[0], (PackedTokens)vars[1], (int)vars[2], (long[])vars[3]);
            ctx.save_data(nameof(PackedTokens), packed);
            ctx.save_data(nameof(Tensor.dtype), rows.dtype);
            var parts = new List<Tensor>();
            long column = 0;
            foreach (long width in widths)
            {
                parts.Add(packed.NewHeads(width / dimension, dimension));
                packed.Copy(rows, column, parts[^1], toHeads: true);
                column += width;
            }
            return parts;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
        {
            var packed = (PackedTokens)ctx.get_data(nameof(PackedTokens));
            return packed.Gradients.Differentiate(inputs: 4, scope =>
            {
                long width = grad_outputs.Sum(part => part.shape[1] * part.shape[3]), column = 0;
                var rows = packed.NewRows(width, (ScalarType)ctx.get_data(nameof(Tensor.dtype)));
                foreach (var part in grad_outputs)
                {
                    var heads = part.MoveToOtherDisposeScope(scope).contiguous();
                    packed.Copy(rows, column, heads, toHeads: false);
                    column += heads.shape[1] * heads.shape[3];
                }
                return [rows];
            });
        }
    }

    private sealed class HeadJoin : autograd.SingleTensorFunction<HeadJoin>
    {
        public override string Name => "tokens of heads";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (heads, packed, type) = ((Tensor)vars[0], (PackedTokens)vars[1], (ScalarType)vars[2]);
            ctx.save_data(nameof(PackedTokens), packed);
            ctx.save_data(nameof(Tensor.shape), heads.shape);
            var rows = packed.NewRows(heads.shape[1] * heads.shape[3], type);
            packed.Copy(rows, 0, heads, toHeads: false);
            return rows;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var packed = (PackedTokens)ctx.get_data(nameof(PackedTokens));
            long[] shape = (long[])ctx.get_data(nameof(Tensor.shape));
            return packed.Gradients.Differentiate(inputs: 3, scope =>
            {
                var rows = grad_output.MoveToOtherDisposeScope(scope).contiguous();
                var heads = packed.NewHeads(shape[1], shape[3]);
                packed.Copy(rows, 0, heads, toHeads: true);
                return [heads];
            });
        }
    }

    private GradientHold Gradients => gradients;
}
