using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary><see cref="LogitLoss"/> and <see cref="ConsistencyLoss"/> in libtorch's operations: for a GPU.</summary>
internal static class TensorLoss
{
    /// <summary>The gradient by the logits; (n, V), (n) → (n, V)</summary>
    /// <param name="logits">Of each token; of two passes the second half of the rows is that of the second.</param>
    /// <param name="targets">Of every row.</param>
    /// <param name="smoothing">ε</param>
    /// <param name="consistency">α; 0 for one pass.</param>
    /// <param name="scale">Factor on the gradient.</param>
    /// <param name="totals">(2) gets the sums of the loss added: with smoothing and divergence, and without.</param>
    public static Tensor Gradient(Tensor logits, Tensor targets, double smoothing, double consistency, double scale, Tensor totals)
    {
        double passes = consistency > 0 ? 2 : 1; // their mean counts
        using Scalar onTarget = (1 - smoothing) / passes, onAll = smoothing / passes, share = 1 / passes;
        // d loss / d logits = p - (1-ε)·onehot(y) - ε/V
        using Scalar uniform = smoothing / logits.shape[1], lessOnTarget = smoothing - 1, factor = scale / passes;
        var precision = logits.dtype;
        logits = logits.to(ScalarType.Float32);
        var target = targets.unsqueeze(1);
        var probabilities = logits.softmax(1);
        // log Σ exp(l) = max l - log max p: cheaper than logsumexp, and as stable.
        var normalizer = logits.amax([1], true).sub(probabilities.amax([1], true).log());
        var likelihood = normalizer.sub(logits.gather(1, target));
        var mean = normalizer.sub(logits.mean([1], true));
        totals[0].Accumulate(likelihood.mul(onTarget).Plus(mean.mul(onAll)).sum());
        totals[1].Accumulate(likelihood.sum().mul(share));
        var divergence = consistency > 0 ? Divergence(logits.sub(normalizer), probabilities, consistency / 4, scale, totals) : null;
        var gradient = probabilities.sub_(uniform).scatter_add_(1, target, torch.full_like(likelihood, lessOnTarget)).mul_(factor);
        if (divergence is not null)
            gradient.Accumulate(divergence);
        return gradient.to(precision);
    }

    /// <summary>The gradient of the weighted KL(p‖q) + KL(q‖p); (2n, V), (2n, V) → (2n, V)</summary>
    private static Tensor Divergence(Tensor logProbabilities, Tensor probabilities, double weight, double scale, Tensor totals)
    {
        using Scalar factor = weight * scale, onLoss = weight;
        long n = probabilities.shape[0] / 2;
        var ratio = logProbabilities.sub(logProbabilities.roll(n, 0)); // log p - log q, then log q - log p
        var divergence = probabilities.mul(ratio).sum(1, keepdim: true); // (2n, 1)
        totals[0].Accumulate(divergence.sum().mul(onLoss));
        return probabilities.mul(ratio.sub(divergence)).Plus(probabilities).sub(probabilities.roll(n, 0)).mul(factor);
    }
}
