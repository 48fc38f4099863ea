using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>
/// An average of the weights over the run, which generalises better than the last ones (section 6.1 averages
/// checkpoints). It takes the model over for a validation and at the end; training goes on with the weights themselves.
/// </summary>
internal abstract class WeightAverage(FlatParameters parameters) : IDisposable
{
    protected FlatParameters Parameters { get; } = parameters;

    /// <summary>What a checkpoint holds, each (N), in a stable order.</summary>
    public abstract IReadOnlyList<Tensor> State { get; }

    /// <summary>Those that a checkpoint holds beside; of each of <see cref="State"/>, where they are ranked.</summary>
    public virtual IReadOnlyList<double> Scores => [];

    /// <summary>Null where the options ask for none.</summary>
    public static WeightAverage? Create(TrainingOptions options, FlatParameters parameters) => options switch
    {
        { ExponentialMovingAverage: { } decay } => new MovingAverage(parameters, decay),
        { AverageBest: true } => new BestAverage(parameters, options.AverageCheckpoints),
        { AverageCheckpoints: > 1 } => new CheckpointAverage(parameters, options.AverageCheckpoints),
        _ => null,
    };

    /// <summary>Takes the state of a checkpoint.</summary>
    /// <param name="state">Its <see cref="State"/>.</param>
    /// <param name="run">All else.</param>
    public abstract void Load(IReadOnlyList<Tensor> state, CheckpointState run);

    /// <summary>After every step.</summary>
    public abstract void OnStep();

    /// <summary>The model has the averaged weights until the result is disposed.</summary>
    public IDisposable Use()
    {
        using var noGrad = torch.no_grad();
        var trained = Parameters.Values.clone().DetachFromDisposeScope();
        OnValidation();
        Restore();
        return new Swap(Parameters, trained);
    }

    /// <summary>Gives the model the averaged weights for good.</summary>
    public abstract void Restore();

    public abstract void Dispose();

    /// <summary>Before every validation, while the model still has its own weights.</summary>
    protected virtual void OnValidation()
    {
    }

    /// <summary>(N) a copy to keep, where the weights are: a checkpoint is read into main memory.</summary>
    protected Tensor Own(Tensor weights) => weights.to(Parameters.Values.device, copy: true).DetachFromDisposeScope();

    /// <summary>The weights are now this snapshot's.</summary>
    protected bool Has(Tensor? snapshot)
    {
        using var scope = NewDisposeScope();
        return snapshot is not null && snapshot.eq(Parameters.Values).all().item<bool>();
    }

    /// <summary>Gives the model the mean of some snapshots; without any it keeps its weights.</summary>
    protected void Take(IReadOnlyCollection<Tensor> snapshots)
    {
        if (snapshots.Count == 0)
            return;
        using var noGrad = torch.no_grad();
        using var scope = NewDisposeScope();
        using Scalar count = snapshots.Count;
        Parameters.Values.zero_();
        foreach (var snapshot in snapshots)
            Parameters.Values.Accumulate(snapshot);
        Parameters.Values.div_(count);
    }

    private sealed class Swap(FlatParameters parameters, Tensor trained) : IDisposable
    {
        public void Dispose()
        {
            using var noGrad = torch.no_grad();
            using var scope = NewDisposeScope();
            parameters.Values.copy_(trained);
            trained.Dispose();
        }
    }
}

/// <summary>Exponential moving average; its first steps count for more, so that it forgets where training began.</summary>
internal sealed class MovingAverage(FlatParameters parameters, double decay) : WeightAverage(parameters)
{
    private readonly Tensor _values = parameters.Values.clone().DetachFromDisposeScope(); // (N)
    private long _steps;

    public override IReadOnlyList<Tensor> State => [_values];

    public override void Load(IReadOnlyList<Tensor> state, CheckpointState run)
    {
        using var scope = NewDisposeScope();
        _values.copy_(state[0]);
        _steps = run.Step;
    }

    public override void OnStep()
    {
        using var noGrad = torch.no_grad();
        using var scope = NewDisposeScope();
        _steps++;
        double kept = Math.Min(decay, (1.0 + _steps) / (10.0 + _steps));
        _values.lerp_(Parameters.Values, 1 - kept);
    }

    public override void Restore()
    {
        using var noGrad = torch.no_grad();
        using var scope = NewDisposeScope();
        Parameters.Values.copy_(_values);
    }

    public override void Dispose() => _values.Dispose();
}

/// <summary>Mean of the weights at the last few validations.</summary>
internal sealed class CheckpointAverage(FlatParameters parameters, int count) : WeightAverage(parameters)
{
    private readonly Queue<Tensor> _snapshots = []; // each (N)

    public override IReadOnlyList<Tensor> State => [.. _snapshots];

    public override void Load(IReadOnlyList<Tensor> state, CheckpointState run)
    {
        foreach (var snapshot in state)
            _snapshots.Enqueue(Own(snapshot));
    }

    public override void OnStep()
    {
    }

    public override void Restore() => Take(_snapshots);

    public override void Dispose()
    {
        foreach (var snapshot in _snapshots)
            snapshot.Dispose();
    }

    protected override void OnValidation()
    {
        using var scope = NewDisposeScope();
        // A validation that was canceled, and is now done anew, took them already.
        if (Has(_snapshots.LastOrDefault()))
            return;
        _snapshots.Enqueue(Own(Parameters.Values));
        if (_snapshots.Count > count)
            _snapshots.Dequeue().Dispose();
    }
}
