using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>
/// Forward and backward passes on several cores: each takes some rows of a batch through its own replica of the model,
/// and the gradients are added up. libtorch would share out every single operation instead; those of a small model are
/// too short for that.
/// </summary>
internal sealed class Replicas : IDisposable
{
    /// <summary>Each replica has gradients of its own: a model with more weights uses libtorch's threads instead, but where those of
    /// the other replicas are below <see cref="MostGradients"/> together.</summary>
    private const long MostWeights = 24_000_000;

    private const long MostGradients = 100_000_000; // 400 MB

    private readonly Replica[] _replicas;
    private readonly Crew? _crew; // null: the only replica runs on the caller's thread
    private readonly double _smoothing;
    private readonly ScalarType _precision;
    private readonly bool _recomputes;
    private readonly Tensor? _rounded; // (N) all weights in bfloat16 as of the batch, for all replicas

    /// <param name="model">The first replica; its weights are those of all.</param>
    /// <param name="parameters">Of <paramref name="model"/>.</param>
    /// <param name="options">Validated.</param>
    /// <param name="seed">Fixes the dropout.</param>
    public Replicas(SequenceModel model, FlatParameters parameters, TrainingOptions options, int seed)
    {
        _precision = TrainingPrecisions.Resolve(options.Precision, parameters.Values.device);
        _recomputes = options.GradientCheckpointing;
        if (_precision != ScalarType.Float32 && parameters.Values.device_type == DeviceType.CPU)
            _rounded = torch.empty_like(parameters.Values, _precision).DetachFromDisposeScope();
        long count = parameters.Values.numel();
        bool isSmall = parameters.Values.device_type == DeviceType.CPU &&
            (count <= MostWeights || count * (ThreadSetting.Count - 1) <= MostGradients);
        _replicas = new Replica[isSmall ? ThreadSetting.Count : 1];
        _smoothing = options.LabelSmoothing;
        Consistency = options.ConsistencyWeight;
        for (int i = 0; i < _replicas.Length; i++)
        {
            var dropout = new Dropout(SplitMix64.Combine((ulong)seed, (ulong)i));
            var copy = i == 0 ? model : model.Replica();
            _replicas[i] = new Replica(copy, i == 0 ? parameters : parameters.Share(copy), dropout, new LogitBuffer());
        }
        if (_replicas.Length > 1)
            _crew = new Crew("Training replica", _replicas.Length);
    }

    /// <summary>α of <see cref="ConsistencyLoss"/> in the passes to come.</summary>
    public double Consistency { get; set; }

    /// <summary>Masks drawn by each replica's dropout: part of a checkpoint. Replicas beyond those saved start from
    /// zero.</summary>
    public IReadOnlyList<ulong> Drawn
    {
        get => [.. _replicas.Select(replica => replica.Dropout.Drawn)];
        set
        {
            foreach (var (replica, drawn) in _replicas.Zip(value))
                replica.Dropout.Drawn = drawn;
        }
    }

    /// <summary>Adds the gradients of a batch to those of the first replica.</summary>
    /// <param name="pairs">The data.</param>
    /// <param name="rows">The batch.</param>
    /// <param name="scale">Factor on the gradient.</param>
    public LossSum ForwardBackward(EncodedPairs pairs, int[] rows, double scale)
    {
        _rounded?.copy_(_replicas[0].Parameters.Values);
        try
        {
            var sum = Share(rows, (replica, part) => ForwardBackward(replica, pairs, part, scale));
            foreach (var replica in _replicas[1..])
                _replicas[0].Parameters.TakeGradients(replica.Parameters);
            return sum;
        }
        catch
        {
            foreach (var replica in _replicas[1..])
                replica.Parameters.ClearGradients();
            throw;
        }
    }

    /// <summary>The loss of a batch alone, without dropout, in float32: for validation. On the same threads, whose heaps have the memory
    /// that it needs.</summary>
    public LossSum Evaluate(EncodedPairs pairs, int[] rows) => Share(rows, (replica, part) =>
    {
        using var batch = Batch.Create(pairs, part, replica.Parameters.Values.device);
        return CrossEntropy.Evaluate(replica.Model, batch, _smoothing);
    });

    public void Dispose()
    {
        _crew?.Dispose();
        _rounded?.Dispose();
        foreach (var replica in _replicas)
            replica.Logits.Dispose();
        foreach (var replica in _replicas[1..])
        {
            replica.Parameters.Dispose();
            replica.Model.Dispose();
        }
    }

    /// <summary>Deals the rows of a batch out to the replicas.</summary>
    private LossSum Share(int[] rows, Func<Replica, int[], LossSum> work)
    {
        // A row that is alone is shared out within its operations.
        if (_crew is null || rows.Length < _replicas.Length)
            return work(_replicas[0], rows);
        var sums = new LossSum[_replicas.Length];
        // Rows of a batch stand in order of length: dealt out in turn, they weigh the same everywhere.
        _crew.Run(i => sums[i] = work(_replicas[i], [.. rows.Where((_, row) => row % _replicas.Length == i)]));
        return sums.Aggregate((sum, next) => sum + next);
    }

    private LossSum ForwardBackward(Replica replica, EncodedPairs pairs, int[] rows, double scale)
    {
        if (Consistency > 0)
            rows = [.. rows, .. rows];
        using var batch = Batch.Create(pairs, rows, replica.Parameters.Values.device);
        var pass = new TrainingPass(replica.Dropout, _precision, _recomputes, _rounded);
        return CrossEntropy.ForwardBackward(replica.Model, batch, _smoothing, scale, pass, Consistency, replica.Logits);
    }

    private sealed record Replica(SequenceModel Model, FlatParameters Parameters, Dropout Dropout, LogitBuffer Logits);
}
