using System.Collections.Concurrent;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>
/// A model that several owners share. The weights are freed when the last owner and the last call under way have let go,
/// so that disposing one owner pulls nothing away under another.
/// </summary>
internal sealed class SharedModel(SequenceModel model)
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<InferencePrecision, Lazy<IStepModel>> _predictors = new();
    private int _owners;
    private int _leases;
    private bool _freed;

    public void AddOwner()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_freed, this);
            _owners++;
        }
    }

    /// <summary>One time more than there are owners does no harm.</summary>
    public void RemoveOwner()
    {
        lock (_lock)
            _owners = Math.Max(0, _owners - 1);
        FreeIfUnused();
    }

    /// <summary>Holds the weights for one call.</summary>
    /// <exception cref="ObjectDisposedException">Every owner has let go.</exception>
    public ModelLease Lease()
    {
        lock (_lock)
        {
            if (_owners == 0)
                throw new ObjectDisposedException("Seq2SeqTransformer",
                    "The model was disposed. A PredictionEngine disposes its model with itself, unless it was created with " +
                    "PredictionEngineOptions.OwnsTransformer = false.");
            _leases++;
        }
        return new ModelLease(model, this, Return);
    }

    /// <summary>What predicts in place of the model, made at the first call for each precision: a
    /// <see cref="PackedTransformer"/> where it is a Transformer on a CPU, else the model itself. To call under a lease.</summary>
    public IStepModel Predictor(InferencePrecision precision) => _predictors.GetOrAdd(precision, _ => new Lazy<IStepModel>(() =>
        model is TransformerModel transformer && transformer.OutputWeight.device_type == DeviceType.CPU
            ? new PackedTransformer((TransformerArchitecture)transformer.Settings, new ModuleWeights(transformer, precision))
            : model)).Value;

    private void Return()
    {
        lock (_lock)
            _leases--;
        FreeIfUnused();
    }

    private void FreeIfUnused()
    {
        lock (_lock)
        {
            if (_freed || _owners > 0 || _leases > 0)
                return;
            _freed = true;
        }
        model.Dispose();
    }
}

/// <summary>A hold on a shared model.</summary>
internal sealed class ModelLease(SequenceModel model, SharedModel shared, Action release) : IDisposable
{
    private Action? _release = release;

    public SequenceModel Model { get; } = model;

    /// <inheritdoc cref="SharedModel.Predictor"/>
    public IStepModel Predictor(InferencePrecision precision) => shared.Predictor(precision);

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
