using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Sums over the target tokens of a batch, in nats.</summary>
/// <param name="Smoothed">What training minimises: the loss with label smoothing.</param>
/// <param name="Likelihood">Negative log-likelihood, without smoothing: comparable with the validation loss.</param>
/// <param name="Tokens">How many tokens.</param>
internal readonly record struct LossSum(double Smoothed, double Likelihood, long Tokens)
{
    public static LossSum operator +(LossSum a, LossSum b) =>
        new(a.Smoothed + b.Smoothed, a.Likelihood + b.Likelihood, a.Tokens + b.Tokens);
}

/// <summary>
/// Label-smoothed cross-entropy (section 5.4) over everything but padding: (1-ε)·-log p(y) + ε·mean over the
/// vocabulary of -log p. Logits, loss and gradient are made for a few hundred rows at a time, outside autograd:
/// the (tokens × vocabulary) matrix, by far the largest of a training step, never exists as a whole.
/// </summary>
internal static class CrossEntropy
{
    private const long ChunkRows = 256;
    private const long ChunkRowsOfLoss = 64; // at validation on a CPU: such logits fit where training has freed what it used
    private const long ChunkRowsReduced = 512; // where each chunk's share of the weight's gradient is made by itself, to be added
    private const long SliceRows = 2048; // of that share at a time

    /// <summary>Runs the model forward and back: adds to the gradients of its parameters.</summary>
    /// <param name="model">Every parameter has a gradient, zero before the first batch of an update.</param>
    /// <param name="batch">The batch; where the passes are to be consistent, with every row twice: once in its first half, and
    /// in the same order in the second.</param>
    /// <param name="smoothing">ε</param>
    /// <param name="scale">Factor on the gradient: 1 / (target tokens of the update) makes it that of the mean.</param>
    /// <param name="training">Fresh.</param>
    /// <param name="consistency">α of <see cref="ConsistencyLoss"/>; 0: each row counts for itself.</param>
    /// <param name="buffer">For logits in bfloat16 on a CPU; null: new memory for each chunk.</param>
    public static LossSum ForwardBackward(SequenceModel model, Batch batch, double smoothing, double scale, TrainingPass training,
        double consistency = 0, LogitBuffer? buffer = null)
    {
        using var scope = NewDisposeScope();
        var decoded = model.Forward(batch, training); // (B, T, D)
        Tensor gradient; // (B, T, D)
        LossSum sum;
        using (torch.no_grad())
        {
            gradient = torch.zeros_like(decoded, requires_grad: false);
            sum = Accumulate(model, batch, decoded.detach(), smoothing,
                new BackwardPass(scale, gradient.view(-1, model.Width), consistency, buffer), training);
        }
        training.Backward(decoded, gradient);
        return sum;
    }

    /// <summary>The loss alone, without dropout: for validation.</summary>
    public static LossSum Evaluate(SequenceModel model, Batch batch, double smoothing)
    {
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        return Accumulate(model, batch, model.Forward(batch, training: null), smoothing, backward: null, training: null);
    }

    private static LossSum Accumulate(
        SequenceModel model, Batch batch, Tensor decoded, double smoothing, BackwardPass? backward, TrainingPass? training)
    {
        var precision = training?.Precision ?? ScalarType.Float32;
        bool isReduced = precision != ScalarType.Float32;
        bool isOnCpu = decoded.device_type == DeviceType.CPU, byOneDnn = !isReduced && OneDnn.IsFaster && isOnCpu;
        var rows = decoded.view(-1, model.Width).index_select(0, batch.TargetPositions).to(precision); // (N, D)
        var targets = batch.TargetOutput.view(-1).index_select(0, batch.TargetPositions); // (N)
        var weight = training is { HasRounded: true } ? training.Rounded(model.OutputWeight) : model.OutputWeight.detach().to(precision); // (V, D)
        var weightGradient = backward is null ? null : model.OutputWeight.grad;
        bool isTwice = backward?.Consistency > 0;
        long count = isTwice ? rows.shape[0] / 2 : rows.shape[0]; // of tokens; a second pass over them follows the first
        long chunk = (backward is null && isOnCpu ? ChunkRowsOfLoss : isReduced ? ChunkRowsReduced : ChunkRows) / (isTwice ? 2 : 1);
        var sum = new LossSum(0, 0, count);
        // (2) the sums on a GPU, which are fetched once: it would wait at every chunk.
        var totals = isOnCpu ? null : torch.zeros(2, ScalarType.Float32, device: decoded.device);
        for (long start = 0; start < count; start += chunk)
        {
            using var scope = NewDisposeScope();
            long length = Math.Min(chunk, count - start);
            long n = length * (isTwice ? 2 : 1);
            // (count) or, for two passes, (2 · count) → (n)
            Tensor Part(Tensor all) => isTwice ? torch.cat([all.narrow(0, start, length), all.narrow(0, count + start, length)]) : all.narrow(0, start, length);
            long padded = training?.RowsFor(n, rows.device) ?? (byOneDnn ? OneDnn.RoundUp(n) : n);
            // (n, D), then zeros: their logits are zero, and so is what takes the gradient's place.
            var row = TokenRows.Pad(Part(rows), padded);
            var logits = byOneDnn ? OneDnn.Linear(row, weight) // (n, V)
                : isReduced && totals is null && backward?.Buffer is { } buffer ? buffer.Multiply(row, weight) : nn.functional.linear(row, weight);
            var target = targets.narrow(0, start, length); // (n)
            var logitGradient = logits; // (n, V)
            if (totals is null)
            {
                long[] ids = target.data<long>().ToArray();
                var (smoothed, likelihood) = isTwice
                    ? ConsistencyLoss.Replace(logits, ids, smoothing, backward!.Consistency, backward.Scale)
                    : LogitLoss.Replace(logits, ids, smoothing, backward?.Scale);
                sum += new LossSum(smoothed, likelihood, 0);
            }
            else
                logitGradient = TensorLoss.Gradient(logits, Part(targets), smoothing, backward?.Consistency ?? 0, backward?.Scale ?? 0, totals);
            if (backward is null)
                continue;
            var rowGradient = byOneDnn ? OneDnn.Linear(logitGradient, weight.t()) : logitGradient.mm(weight).to(ScalarType.Float32); // (n, D)
            backward.Gradient.index_copy_(0, Part(batch.TargetPositions), rowGradient.narrow(0, 0, n));
            if (!isReduced)
                weightGradient!.addmm_(logitGradient.t(), row); // into its place, by MKL: a matrix of its own would have to be added
            else if (totals is null)
                AddInSlices(weightGradient!, logitGradient, row);
            else
                weightGradient!.Accumulate(logitGradient.t().mm(row));
        }
        if (totals is null)
            return sum;
        var sums = totals.cpu().data<float>();
        return new LossSum(sums[0], sums[1], count);
    }

    /// <summary>Adds a chunk's share of the weight's gradient, dyᵀx, rounded: some rows at a time, which stay in the cache. A
    /// matrix of the vocabulary's size would come from memory that the system clears first, at the price of the product.</summary>
    /// <param name="sum">(V, D) float32</param>
    /// <param name="logitGradient">(n, V) bfloat16</param>
    /// <param name="row">(n, D) bfloat16</param>
    private static void AddInSlices(Tensor sum, Tensor logitGradient, Tensor row)
    {
        long vocabulary = sum.shape[0];
        for (long start = 0; start < vocabulary; start += SliceRows)
        {
            using var scope = NewDisposeScope();
            long length = Math.Min(SliceRows, vocabulary - start);
            BFloat16Rows.AddTo(sum.narrow(0, start, length), logitGradient.narrow(1, start, length).t().mm(row));
        }
    }

    /// <summary>What the loss needs where gradients are wanted.</summary>
    /// <param name="Scale">Factor on them.</param>
    /// <param name="Gradient">(B·T, D), zero; gets that by the decoder's output.</param>
    /// <param name="Consistency">α of <see cref="ConsistencyLoss"/>.</param>
    /// <param name="Buffer">For the logits.</param>
    private sealed record BackwardPass(double Scale, Tensor Gradient, double Consistency, LogitBuffer? Buffer);
}
