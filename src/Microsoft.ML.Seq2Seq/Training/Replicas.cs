using System.Runtime.ExceptionServices;
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
    /// <summary>Each replica has gradients of its own: a model with more weights uses libtorch's threads instead.</summary>
    private const long MostWeights = 24_000_000;

    private readonly Replica[] _replicas;
    private readonly WorkerThread[] _workers; // one less: the first replica runs on the caller's thread
    private readonly double _smoothing, _consistency;
    private readonly ScalarType _precision;
    private readonly bool _recomputes;

    /// <param name="model">The first replica; its weights are those of all.</param>
    /// <param name="parameters">Of <paramref name="model"/>.</param>
    /// <param name="options">Validated.</param>
    /// <param name="seed">Fixes the dropout.</param>
    public Replicas(SequenceModel model, FlatParameters parameters, TrainingOptions options, int seed)
    {
        _precision = TrainingPrecisions.Resolve(options.Precision, parameters.Values.device);
        _recomputes = options.GradientCheckpointing;
        bool isSmall = parameters.Values.device_type == DeviceType.CPU && parameters.Values.numel() <= MostWeights;
        _replicas = new Replica[isSmall ? torch.get_num_threads() : 1];
        _workers = new WorkerThread[_replicas.Length - 1];
        _smoothing = options.LabelSmoothing;
        _consistency = options.ConsistencyWeight;
        for (int i = 0; i < _replicas.Length; i++)
        {
            var dropout = new Dropout(SplitMix64.Combine((ulong)seed, (ulong)i));
            if (i == 0)
            {
                _replicas[i] = new Replica(model, parameters, dropout);
                continue;
            }
            var copy = model.Replica();
            _replicas[i] = new Replica(copy, parameters.Share(copy), dropout);
            _workers[i - 1] = new WorkerThread($"Training replica {i}");
        }
    }

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
        if (_replicas.Length == 1)
            return ForwardBackward(_replicas[0], pairs, rows, scale);
        var sums = new LossSum[_replicas.Length];
        using (new ThreadScope(1))
        {
            // Rows of a batch stand in order of length: dealt out in turn, they weigh the same everywhere.
            int[] Share(int replica) => [.. rows.Where((_, i) => i % _replicas.Length == replica)];
            for (int i = 1; i < _replicas.Length; i++)
            {
                int replica = i;
                _workers[i - 1].Start(() => sums[replica] = ForwardBackward(_replicas[replica], pairs, Share(replica), scale));
            }
            Exception? error = null;
            try
            {
                sums[0] = ForwardBackward(_replicas[0], pairs, Share(0), scale);
            }
            catch (Exception e)
            {
                error = e;
            }
            foreach (var worker in _workers)
                error = worker.Wait() ?? error;
            if (error is not null)
            {
                foreach (var replica in _replicas[1..])
                    replica.Parameters.ClearGradients();
                ExceptionDispatchInfo.Throw(error);
            }
        }
        foreach (var replica in _replicas[1..])
            _replicas[0].Parameters.TakeGradients(replica.Parameters);
        return sums.Aggregate((sum, next) => sum + next);
    }

    public void Dispose()
    {
        foreach (var worker in _workers)
            worker.Dispose();
        foreach (var replica in _replicas[1..])
        {
            replica.Parameters.Dispose();
            replica.Model.Dispose();
        }
    }

    private LossSum ForwardBackward(Replica replica, EncodedPairs pairs, int[] rows, double scale)
    {
        if (rows.Length == 0)
            return default;
        if (_consistency > 0)
            rows = [.. rows, .. rows];
        using var batch = Batch.Create(pairs, rows, replica.Parameters.Values.device);
        var pass = new TrainingPass(replica.Dropout, _precision, _recomputes);
        return CrossEntropy.ForwardBackward(replica.Model, batch, _smoothing, scale, pass, _consistency);
    }

    private sealed record Replica(SequenceModel Model, FlatParameters Parameters, Dropout Dropout);
}
