using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>What a step did.</summary>
/// <param name="Loss">Over its target tokens.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="IsApplied">False where loss or gradient was not finite: the weights then stay as they were.</param>
internal readonly record struct StepResult(LossSum Loss, double GradientNorm, bool IsApplied);

/// <summary>One update of a model's weights: forward and back over its batches, clipping, Adam.</summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly TrainingOptions _options;
    private readonly Replicas _replicas;
    private readonly FusedAdam _optimizer;

    /// <param name="model">On its device; trained in place.</param>
    /// <param name="options">Validated.</param>
    /// <param name="seed">Fixes the dropout.</param>
    public TrainingStep(SequenceModel model, TrainingOptions options, int seed)
    {
        _options = options;
        Parameters = new FlatParameters(model);
        _replicas = new Replicas(model, Parameters, options.LabelSmoothing, seed, TrainingPrecisions.Resolve(options.Precision, Parameters.Values.device));
        _optimizer = new FusedAdam(Parameters, options);
    }

    public FlatParameters Parameters { get; }

    /// <summary>What a checkpoint holds, beside <see cref="Drawn"/>.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => _optimizer.State.Prepend(("weights", Parameters.Values));

    /// <summary>Masks drawn by dropout, for each replica.</summary>
    public IReadOnlyList<ulong> Drawn
    {
        get => _replicas.Drawn;
        set => _replicas.Drawn = value;
    }

    /// <param name="pairs">The data.</param>
    /// <param name="batches">Rows of each batch; the update is that of all of them as one batch.</param>
    /// <param name="learningRate">Of this step.</param>
    public StepResult Run(EncodedPairs pairs, IReadOnlyList<int[]> batches, double learningRate)
    {
        long tokens = batches.Sum(rows => rows.Sum(row => pairs.TargetLength(row) + 1L));
        var loss = new LossSum();
        foreach (int[] rows in batches)
            loss += _replicas.ForwardBackward(pairs, rows, 1.0 / tokens);
        double norm = Parameters.ClipGradients(_options.GradientClipNorm);
        bool isFinite = double.IsFinite(norm) && double.IsFinite(loss.Smoothed);
        if (isFinite)
            _optimizer.Step(learningRate);
        Parameters.ClearGradients();
        return new StepResult(loss, norm, isFinite);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _replicas.Dispose();
        Parameters.Dispose();
    }
}
