using Microsoft.ML.Seq2Seq.Modeling;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>
/// A model that several owners share. The weights are freed when the last owner and the last call under way have let go,
/// so that disposing one owner pulls nothing away under another.
/// </summary>
/// <param name="model">Owned from here on.</param>
internal sealed class SharedModel(ServedModel model)
{
    private readonly Lock _lock = new();
    private ServedModel? _model = model;
    private int _owners;
    private int _leases;

    /// <summary>A module that predicts as it is: one in training.</summary>
    public SharedModel(SequenceModel model)
        : this(new ServedModule(model))
    {
    }

    /// <exception cref="ObjectDisposedException">The weights are freed.</exception>
    public void AddOwner()
    {
        lock (_lock)
        {
            if (_model is null)
                throw Disposed();
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
                throw Disposed();
            _leases++;
            return new ModelLease(_model!, Return);
        }
    }

    /// <summary>Names what the user has disposed of.</summary>
    private static ObjectDisposedException Disposed() => new("Seq2SeqTransformer",
        "The model was disposed. A PredictionEngine disposes its model with itself, unless it was created with " +
        "PredictionEngineOptions.OwnsTransformer = false.");

    private void Return()
    {
        lock (_lock)
            _leases--;
        FreeIfUnused();
    }

    private void FreeIfUnused()
    {
        ServedModel? unused;
        lock (_lock)
        {
            if (_owners > 0 || _leases > 0)
                return;
            unused = _model;
            _model = null;
        }
        unused?.Dispose();
    }
}

/// <summary>A hold on a shared model.</summary>
internal sealed class ModelLease(ServedModel model, Action release) : IDisposable
{
    private Action? _release = release;

    public ServedModel Model { get; } = model;

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
