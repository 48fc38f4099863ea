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
    private const long ChunkRowsReduced = 512; // where each chunk's share of the weight's gradient is a matrix of its own, to be added

    /// <summary>Runs the model forward and back: adds to the gradients of its parameters.</summary>
    /// <param name="model">Every parameter has a gradient, zero before the first batch of an update.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="smoothing">ε</param>
    /// <param name="scale">Factor on the gradient: 1 / (target tokens of the update) makes it that of the mean.</param>
    /// <param name="training">Fresh.</param>
    public static LossSum ForwardBackward(SequenceModel model, Batch batch, double smoothing, double scale, TrainingPass training)
    {
        using var scope = NewDisposeScope();
        var decoded = model.Forward(batch, training); // (B, T, D)
        Tensor gradient; // (B, T, D)
        LossSum sum;
        using (torch.no_grad())
        {
            gradient = torch.zeros_like(decoded, requires_grad: false);
            sum = Accumulate(model, batch, decoded.detach(), smoothing, (scale, gradient.view(-1, model.Width)), training.Precision);
        }
        training.Backward(decoded, gradient);
        return sum;
    }

    /// <summary>The loss alone, without dropout: for validation.</summary>
    public static LossSum Evaluate(SequenceModel model, Batch batch, double smoothing)
    {
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        return Accumulate(model, batch, model.Forward(batch, training: null), smoothing, backward: null, ScalarType.Float32);
    }

    private static LossSum Accumulate(
        SequenceModel model, Batch batch, Tensor decoded, double smoothing, (double Scale, Tensor Gradient)? backward,
        ScalarType precision)
    {
        bool isReduced = precision != ScalarType.Float32;
        bool byOneDnn = !isReduced && OneDnn.IsFaster && decoded.device_type == DeviceType.CPU;
        var rows = decoded.view(-1, model.Width).index_select(0, batch.TargetPositions).to(precision); // (N, D)
        var targets = batch.TargetOutput.view(-1).index_select(0, batch.TargetPositions); // (N)
        var weight = model.OutputWeight.detach().to(precision); // (V, D)
        var weightGradient = backward is null ? null : model.OutputWeight.grad;
        long count = rows.shape[0];
        long chunk = isReduced || byOneDnn ? ChunkRowsReduced : ChunkRows;
        var sum = new LossSum(0, 0, count);
        // (2) the sums on a GPU, which are fetched once: it would wait at every chunk.
        var totals = decoded.device_type == DeviceType.CPU ? null : torch.zeros(2, ScalarType.Float32, device: decoded.device);
        for (long start = 0; start < count; start += chunk)
        {
            using var scope = NewDisposeScope();
            long length = Math.Min(chunk, count - start);
            var row = rows.narrow(0, start, length); // (n, D)
            var logits = byOneDnn ? OneDnn.Linear(row, weight) : nn.functional.linear(row, weight); // (n, V)
            var target = targets.narrow(0, start, length); // (n)
            var logitGradient = logits; // (n, V)
            if (totals is null)
            {
                var (smoothed, likelihood) = LogitLoss.Replace(logits, target.data<long>().ToArray(), smoothing, backward?.Scale);
                sum += new LossSum(smoothed, likelihood, 0);
            }
            else
                logitGradient = Loss(logits, target.unsqueeze(1), smoothing, backward?.Scale ?? 0, totals);
            if (backward is not var (_, gradient))
                continue;
            var rowGradient = byOneDnn ? OneDnn.Linear(logitGradient, weight.t()) : logitGradient.mm(weight).to(ScalarType.Float32); // (n, D)
            gradient.index_copy_(0, batch.TargetPositions.narrow(0, start, length), rowGradient);
            if (byOneDnn)
                weightGradient!.Accumulate(LinearFunction.WeightGradient(logitGradient, row));
            else if (isReduced)
                weightGradient!.Accumulate(logitGradient.t().mm(row));
            else
                weightGradient!.addmm_(logitGradient.t(), row);
        }
        if (totals is null)
            return sum;
        var sums = totals.cpu().data<float>();
        return new LossSum(sums[0], sums[1], count);
    }

    /// <summary>(n, V), (n, 1) → the gradient by the logits, (n, V); adds the sums of the loss to the totals.</summary>
    private static Tensor Loss(Tensor logits, Tensor target, double smoothing, double scale, Tensor totals)
    {
        using Scalar onTarget = 1 - smoothing, onAll = smoothing;
        // d loss / d logits = p - (1-ε)·onehot(y) - ε/V
        using Scalar share = smoothing / logits.shape[1], lessOnTarget = smoothing - 1, factor = scale;
        var precision = logits.dtype;
        logits = logits.to(ScalarType.Float32);
        var probabilities = logits.softmax(1);
        // log Σ exp(l) = max l - log max p: cheaper than logsumexp, and as stable.
        var normalizer = logits.amax([1], true).sub(probabilities.amax([1], true).log());
        var likelihood = normalizer.sub(logits.gather(1, target));
        var uniform = normalizer.sub(logits.mean([1], true));
        totals[0].Accumulate(likelihood.mul(onTarget).Plus(uniform.mul(onAll)).sum());
        totals[1].Accumulate(likelihood.sum());
        probabilities.sub_(share);
        probabilities.scatter_add_(1, target, torch.full_like(likelihood, lessOnTarget));
        return probabilities.mul_(factor).to(precision);
    }
}
