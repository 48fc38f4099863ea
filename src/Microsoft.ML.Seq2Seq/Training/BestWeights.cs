using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Keeps the weights of the lowest validation loss.</summary>
internal sealed class BestWeights(FlatParameters parameters) : IDisposable
{
    private Tensor? _values; // (N)

    public void Offer(TrainingRun run)
    {
        if (run.ValidationLoss is not { } loss || !(loss < (run.BestValidationLoss ?? double.PositiveInfinity)))
            return;
        run.BestValidationLoss = loss;
        using var noGrad = torch.no_grad();
        _values ??= torch.empty_like(parameters.Values).DetachFromDisposeScope();
        _values.copy_(parameters.Values);
    }

    /// <summary>Gives the model its best weights back; without any validation it keeps the last.</summary>
    public void Restore()
    {
        using var noGrad = torch.no_grad();
        if (_values is not null)
            parameters.Values.copy_(_values);
    }

    public void Dispose() => _values?.Dispose();
}
