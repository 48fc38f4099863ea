using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>What a step did.</summary>
/// <param name="Loss">Over its target tokens.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="IsApplied">False where loss or gradient was not finite, or no row fitted into memory: the weights then
/// stay as they were.</param>
/// <param name="Splits">Times that a batch was split for want of memory.</param>
/// <param name="RowsLeftOut">Rows that did not fit into memory even alone.</param>
internal readonly record struct StepResult(LossSum Loss, double GradientNorm, bool IsApplied, int Splits, int RowsLeftOut);

/// <summary>One update of a model's weights: forward and back over its batches, clipping, Adam.</summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly TrainingOptions _options;
    private readonly Replicas _replicas;
    private readonly FusedAdam _optimizer;
    private readonly IDisposable? _heap;

    /// <param name="model">On its device; trained in place.</param>
    /// <param name="options">Validated.</param>
    /// <param name="seed">Fixes the dropout.</param>
    public TrainingStep(SequenceModel model, TrainingOptions options, int seed)
    {
        _options = options;
        Parameters = new FlatParameters(model);
        _replicas = new Replicas(model, Parameters, options, seed);
        _optimizer = new FusedAdam(Parameters, options);
        _heap = Parameters.Values.device_type == DeviceType.CPU ? NativeHeap.Keep() : null;
    }

    public FlatParameters Parameters { get; }

    /// <summary>What a checkpoint holds, beside <see cref="Drawn"/>.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => _optimizer.State.Prepend(("weights", Parameters.Values));

    /// <summary>See <see cref="Replicas.Consistency"/>.</summary>
    public double Consistency
    {
        set => _replicas.Consistency = value;
    }

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
        var parts = batches.ToList();
        int splits = 0, leftOut = 0;
        var drawn = _replicas.Drawn;
        LossSum loss;
        while (ForwardBackward(pairs, parts, out loss) is { } tooLarge)
        {
            // A pass that broke off has added to the gradients: the update starts again, with its first dropout masks.
            Parameters.ClearGradients();
            _replicas.Drawn = drawn;
            if (tooLarge.Length == 1)
            {
                leftOut++;
                parts.Remove(tooLarge);
                continue;
            }
            splits++;
            parts = Split(pairs, parts, Size(pairs, tooLarge));
        }
        if (parts.Count == 0)
            return new StepResult(loss, double.NaN, false, splits, leftOut);
        double norm = Parameters.ClipGradients(_options.GradientClipNorm);
        bool isFinite = double.IsFinite(norm) && double.IsFinite(loss.Smoothed);
        if (isFinite)
            _optimizer.Step(learningRate);
        Parameters.ClearGradients();
        return new StepResult(loss, norm, isFinite, splits, leftOut);
    }

    /// <inheritdoc cref="Replicas.Evaluate"/>
    public LossSum Evaluate(EncodedPairs pairs, int[] rows) => _replicas.Evaluate(pairs, rows);

    /// <summary>Adds up the gradients of an update.</summary>
    /// <returns>The part that did not fit into memory; null where all did.</returns>
    private int[]? ForwardBackward(EncodedPairs pairs, IReadOnlyList<int[]> parts, out LossSum loss)
    {
        long tokens = parts.Sum(rows => rows.Sum(row => pairs.TargetLength(row) + 1L));
        loss = default;
        foreach (int[] rows in parts)
        {
            try
            {
                loss += _replicas.ForwardBackward(pairs, rows, 1.0 / tokens);
            }
            catch (Exception e) when (MemoryFailure.Is(e))
            {
                return rows;
            }
        }
        return null;
    }

    /// <summary>Halves every part as large as the one that failed: it would fail next.</summary>
    private static List<int[]> Split(EncodedPairs pairs, IReadOnlyList<int[]> parts, long size)
    {
        var halves = new List<int[]>();
        foreach (int[] rows in parts)
        {
            if (rows.Length == 1 || Size(pairs, rows) < size)
                halves.Add(rows);
            else
                halves.AddRange([rows[..(rows.Length / 2)], rows[(rows.Length / 2)..]]);
        }
        return halves;
    }

    /// <summary>Padded tokens.</summary>
    private static long Size(EncodedPairs pairs, int[] rows) =>
        (long)rows.Length * (rows.Max(pairs.SourceLength) + rows.Max(pairs.TargetLength));

    public void Dispose()
    {
        _optimizer.Dispose();
        _replicas.Dispose();
        Parameters.Dispose();
        _heap?.Dispose();
    }
}
