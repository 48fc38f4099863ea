using System.Diagnostics;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Ends a run whose validations have stopped getting better.</summary>
internal sealed class EarlyStopping(int patience) : ITrainingObserver
{
    public void OnStep(TrainingRun run)
    {
    }

    public void OnValidation(TrainingRun run)
    {
        if (run.ValidationsSinceBest >= patience)
            run.Stop($"no better validation in {patience} validations");
    }
}

/// <summary>Tells the user's <see cref="IProgress{T}"/>: every validation, and steps a few times a second.</summary>
internal sealed class ProgressObserver(
    IProgress<TrainingProgress> progress, Func<IReadOnlyList<SamplePrediction>> samples) : ITrainingObserver
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _sinceReport = Stopwatch.StartNew();

    public void OnStep(TrainingRun run)
    {
        if (run.Step > 1 && _sinceReport.Elapsed < _interval)
            return;
        Report(run, isValidation: false, []);
    }

    public void OnValidation(TrainingRun run) => Report(run, isValidation: true, samples());

    private void Report(TrainingRun run, bool isValidation, IReadOnlyList<SamplePrediction> predictions)
    {
        double done = run.FractionDone;
        double secondsLeft = done > 0 ? run.Elapsed.TotalSeconds * ((1 - done) / done) : 0;
        progress.Report(new TrainingProgress(
            run.Step, run.Epoch, done, run.TrainLoss, run.ValidationLoss, run.ValidationMetric, run.BestValidationLoss, isValidation,
            run.LearningRate, run.GradientNorm,
            run.TokensTrained / Math.Max(run.TimeTraining.TotalSeconds, 1e-9),
            run.Elapsed, secondsLeft < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(secondsLeft) : TimeSpan.MaxValue, predictions)
        {
            SkippedSteps = run.SkippedSteps,
            SplitBatches = run.SplitBatches,
            RowsLeftOut = run.RowsLeftOut,
        });
        _sinceReport.Restart();
    }
}

/// <summary>Writes ML.NET's log and feeds its progress channel.</summary>
internal sealed class ChannelObserver : ITrainingObserver
{
    private readonly IChannel _channel;
    private readonly IProgressChannel _progress;
    private double _trainLoss = double.NaN;
    private double _validationLoss = double.NaN;
    private long _step;
    private int _epoch;
    private int _splitBatches;
    private int _rowsLeftOut;

    public ChannelObserver(IChannel channel, IProgressChannel progress)
    {
        _channel = channel;
        _progress = progress;
        progress.SetHeader(new ProgressHeader(["Training loss", "Validation loss"], ["epochs", "steps"]), entry =>
        {
            entry.SetProgress(0, _epoch);
            entry.SetProgress(1, _step);
            entry.SetMetric(0, _trainLoss);
            entry.SetMetric(1, _validationLoss);
        });
    }

    public void OnStep(TrainingRun run)
    {
        _step = run.Step;
        _epoch = run.Epoch;
        _trainLoss = run.TrainLoss;
        if (run.SkippedInARow > 0) // at once: a run of them ends the training
            _channel.Warning(MessageSensitivity.None, "Step {0} skipped ({1} so far): loss or gradient not finite, or no row fitted into memory",
                run.Step, run.SkippedSteps);
        WarnOfMemory(run);
    }

    public void OnValidation(TrainingRun run)
    {
        _validationLoss = run.ValidationLoss ?? double.NaN;
        _progress.Checkpoint(_trainLoss, _validationLoss, _epoch, _step);
        _channel.Trace(MessageSensitivity.None,
            "Epoch {0}, step {1}: training loss {2:f4}, validation loss {3:f4}, learning rate {4:g3}, {5:f0} tokens/s",
            run.Epoch, run.Step, run.TrainLoss, _validationLoss, run.LearningRate,
            run.TokensTrained / Math.Max(run.TimeTraining.TotalSeconds, 1e-9));
        if (run.SplitBatches > 0)
            _channel.Warning(MessageSensitivity.None,
                "Out of memory: batches split {0} times so far; a smaller TokensPerBatch or GradientCheckpointing saves the failed attempts",
                run.SplitBatches);
    }

    /// <summary>The first split at once, and every row left out: the model does not learn from it.</summary>
    private void WarnOfMemory(TrainingRun run)
    {
        if (_splitBatches == 0 && run.SplitBatches > 0)
            _channel.Warning(MessageSensitivity.None, "Step {0}: out of memory; the batch was split and training goes on", run.Step);
        if (run.RowsLeftOut > _rowsLeftOut)
            _channel.Warning(MessageSensitivity.None,
                "Step {0}: {1} rows left out ({2} so far): they do not fit into memory even alone; limit the length of rows (MaximumTokens)",
                run.Step, run.RowsLeftOut - _rowsLeftOut, run.RowsLeftOut);
        (_splitBatches, _rowsLeftOut) = (run.SplitBatches, run.RowsLeftOut);
    }
}
