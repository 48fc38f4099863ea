using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Keeps the weights of the best validation: the lowest loss, or the highest metric.</summary>
internal sealed class BestWeights(FlatParameters parameters) : IDisposable
{
    /// <summary>(N), or null before the first validation.</summary>
    public Tensor? Values { get; private set; }

    public void Offer(TrainingRun run)
    {
        double? score = run.ValidationMetric ?? -run.ValidationLoss;
        if (!(score > (run.BestScore ?? double.NegativeInfinity)))
        {
            run.ValidationsSinceBest++;
            return;
        }
        run.ValidationsSinceBest = 0;
        run.BestScore = score;
        run.BestValidationLoss = run.ValidationLoss;
        Set(parameters.Values);
    }

    public void Set(Tensor values)
    {
        using var noGrad = torch.no_grad();
        using var scope = NewDisposeScope();
        Values ??= torch.empty_like(parameters.Values).DetachFromDisposeScope();
        Values.copy_(values);
    }

    /// <summary>Gives the model its best weights back; false where none was validated.</summary>
    public bool Restore()
    {
        if (Values is null)
            return false;
        using var noGrad = torch.no_grad();
        using var scope = NewDisposeScope();
        parameters.Values.copy_(Values);
        return true;
    }

    public void Dispose() => Values?.Dispose();
}
