using System.Diagnostics;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>
/// The training loop: batches in, updated weights out. It knows no architecture; whatever reports, records or stops
/// is an observer.
/// </summary>
internal sealed class TrainingLoop
{
    /// <summary>Updates with a non-finite gradient in a row after which the run can only be lost.</summary>
    private const int MostSkippedInARow = 20;

    private readonly SequenceModel _model;
    private readonly EncodedPairs _training;
    private readonly EncodedPairs _validation;
    private readonly TrainingOptions _options;
    private readonly IReadOnlyList<ITrainingObserver> _observers;
    private readonly Func<bool> _isCanceled;
    private readonly BatchPlanner _planner;
    private readonly int _seed;

    /// <param name="model">On its device; trained in place.</param>
    /// <param name="training">At least one pair.</param>
    /// <param name="validation">May be empty.</param>
    /// <param name="options">Validated.</param>
    /// <param name="seed">Fixes the order of the data and the dropout.</param>
    /// <param name="isCanceled">Asked after every step.</param>
    /// <param name="observers">Called in this order.</param>
    public TrainingLoop(
        SequenceModel model, EncodedPairs training, EncodedPairs validation, TrainingOptions options, int seed,
        Func<bool> isCanceled, params IReadOnlyList<ITrainingObserver> observers)
    {
        _model = model;
        _training = training;
        _validation = validation;
        _options = options;
        _seed = seed;
        _isCanceled = isCanceled;
        _observers = observers;
        _planner = new BatchPlanner(training, options.TokensPerBatch);
    }

    /// <summary>Scores the model at a validation, higher is better; the best weights are then those of the highest score.
    /// Its result is null where the run is to be canceled. Null: those of the lowest validation loss.</summary>
    public Func<double?>? Scorer { get; init; }

    /// <summary>Cuts the training rows anew for each epoch; null keeps them as they are.</summary>
    public SubwordSampling? Sampling { get; init; }

    /// <summary>Trains to the end of the plan or until an observer stops the run; the weights with the best validation
    /// loss remain in the model.</summary>
    /// <exception cref="OperationCanceledException">Canceled before anything was validated.</exception>
    /// <exception cref="InvalidOperationException">The gradient stays infinite or not a number, not even single rows fit
    /// into memory, or weights are to be ranked, or a plateau is to be seen, without validation rows.</exception>
    public TrainingRun Run()
    {
        if (_options.AverageBest && _validation.Count == 0)
            throw new InvalidOperationException(
                $"There are no validation rows to rank weights by; {nameof(TrainingOptions.AverageBest)} needs some.");
        if (_options.Schedule == LearningRateSchedule.ReduceOnPlateau && _validation.Count == 0)
            throw new InvalidOperationException(
                $"There are no validation rows that could tell a plateau; {nameof(TrainingOptions.Schedule)} {_options.Schedule} needs some.");
        using var threads = new ThreadScope(_options.Threads);
        var store = CheckpointStore.Create(_options);
        var fingerprint = store is null ? [] : Fingerprint.Of(_model, _training, _validation, _options, _seed, Sampling);
        using var checkpoint = store?.Resume(fingerprint);
        using var step = new TrainingStep(_model, _options, _seed);
        using var averages = WeightAverage.Create(_options, step.Parameters);
        using var best = new BestWeights(step.Parameters);
        // Epochs of much data differ by a few steps; the plan is what the learning rate follows, and ends nothing.
        int updatesPerEpoch = Updates(0).Count();
        long planned = Math.Min(_options.MaxSteps ?? long.MaxValue, (long)updatesPerEpoch * _options.MaxEpochs);
        var rate = new LearningRate(_options, planned, _model.Width);
        var run = new TrainingRun(step.Parameters, planned, _options.MaxDuration);
        if (checkpoint is not null)
            Load(checkpoint, run, step, averages, best, rate);
        while (run.StopReason is null)
        {
            if (run.Position == 0)
                run.Epoch++;
            using var updates = Updates(run.Epoch).Skip(run.Position).GetEnumerator();
            bool isMore = updates.MoveNext();
            // A run that was canceled right after a step still has that step's validation to come.
            bool isLast = run.Step >= _options.MaxSteps || (!isMore && run.Epoch == _options.MaxEpochs);
            if (run.Step > 0 && run.Curve.LastOrDefault()?.Step != run.Step && (isLast || IsValidationDue()))
            {
                StopIfDue(run, isMore);
                Judge();
            }
            while (isMore && run.StopReason is null)
            {
                var (rows, update) = updates.Current;
                isMore = updates.MoveNext();
                run.Position++;
                Step(run, step, rows, update, rate, updatesPerEpoch);
                averages?.OnStep();
                StopIfDue(run, isMore);
                foreach (var observer in _observers)
                    observer.OnStep(run);
                Judge();
            }

            bool IsValidationDue() =>
                _options.ValidateEverySteps is { } every ? run.Step % every == 0 : !isMore;

            void Judge()
            {
                bool isDue = IsValidationDue();
                if (isDue || run.StopReason is not null)
                    Validate(run, step, averages, best, rate);
                if (run.StopReason is not null || (_options.CheckpointEverySteps is { } steps ? run.Step % steps == 0 : isDue))
                    store?.Save(run.Snapshot(fingerprint, _seed, step.Drawn, rate.Factor, averages?.Scores ?? []), Tensors(step, averages, best));
            }
            if (!isMore)
                run.Position = 0;
        }
        if (run.IsCanceled && run.BestScore is null)
            throw new OperationCanceledException("Training was canceled before its first validation.", _options.CancellationToken);
        if (!best.Restore())
            averages?.Restore();
        return run;
    }

    /// <summary>The batches of each update of an epoch, and the rows that they number.</summary>
    private IEnumerable<(EncodedPairs Rows, int[][] Batches)> Updates(int epoch)
    {
        var planned = _planner.Shuffled(_seed, epoch);
        return Sampling?.Updates(epoch, planned, _options, _seed) ?? planned.Chunk(_options.GradientAccumulation).Select(update => (_training, update));
    }

    private static IEnumerable<(string Name, Tensor Tensor)> Tensors(TrainingStep step, WeightAverage? averages, BestWeights best)
    {
        var tensors = step.State;
        if (averages is not null)
            tensors = tensors.Concat(averages.State.Select((tensor, i) => ($"average.{i}", tensor)));
        return best.Values is null ? tensors : tensors.Append(("best", best.Values));
    }

    private static void Load(
        Checkpoint checkpoint, TrainingRun run, TrainingStep step, WeightAverage? averages, BestWeights best, LearningRate rate)
    {
        run.Continue(checkpoint.State);
        foreach (var (name, tensor) in step.State)
            checkpoint.CopyTo(tensor, name);
        step.Drawn = checkpoint.State.Drawn;
        rate.Factor = checkpoint.State.RateFactor;
        if (checkpoint.Find("best") is { } values)
            best.Set(values);
        if (averages is null)
            return;
        var state = new List<Tensor>();
        while (checkpoint.Find($"average.{state.Count}") is { } tensor)
            state.Add(tensor);
        averages.Load(state, checkpoint.State);
    }

    /// <param name="updates">Those of an epoch.</param>
    private void Step(TrainingRun run, TrainingStep step, EncodedPairs rows, int[][] update, LearningRate rate, int updates)
    {
        var watch = Stopwatch.StartNew();
        run.Step++;
        run.LearningRate = rate.At(run.Step);
        step.Consistency = run.Step <= _options.ConsistencyStartStep ? 0 : _options.ConsistencyWeight;
        var result = step.Run(rows, update, run.LearningRate);
        run.GradientNorm = result.GradientNorm;
        run.SplitBatches += result.Splits;
        run.RowsLeftOut += result.RowsLeftOut;
        run.TokensTrained += result.Loss.Tokens;
        run.TimeTraining += watch.Elapsed;
        if (result.IsApplied)
        {
            run.Train += result.Loss;
            run.SkippedInARow = 0;
            return;
        }
        run.SkippedSteps++;
        run.SkippedInARow++;
        bool isMemory = result.Loss.Tokens == 0;
        if (isMemory && run.SkippedInARow >= Math.Min(MostSkippedInARow, updates))
            throw new InvalidOperationException(
                $"Memory is too small for a single row of the last {run.SkippedInARow} updates, up to step {run.Step}. " +
                $"Limit the length of rows ({nameof(SubwordOptions.MaximumTokens)}, {nameof(SubwordOptions.OverflowPolicy)}), " +
                $"set {nameof(TrainingOptions.GradientCheckpointing)}, or train a smaller model.");
        if (run.SkippedInARow == MostSkippedInARow)
            throw new InvalidOperationException(
                $"Loss or gradient was not finite in {MostSkippedInARow} steps in a row, up to step {run.Step}. " +
                $"Lower {nameof(TrainingOptions.LearningRate)} (now {run.LearningRate:g3}) or lengthen {nameof(TrainingOptions.WarmupSteps)}.");
    }

    private void StopIfDue(TrainingRun run, bool isMoreOfEpoch)
    {
        if (_isCanceled())
            run.Cancel();
        else if (run.Step >= _options.MaxSteps)
            run.Stop($"{nameof(TrainingOptions.MaxSteps)} reached");
        else if (!isMoreOfEpoch && run.Epoch == _options.MaxEpochs)
            run.Stop($"{nameof(TrainingOptions.MaxEpochs)} reached");
        else if (run.Elapsed >= _options.MaxDuration)
            run.Pause($"{nameof(TrainingOptions.MaxDuration)} reached");
    }

    private void Validate(TrainingRun run, TrainingStep step, WeightAverage? averages, BestWeights best, LearningRate rate)
    {
        if (run.IsCanceled)
            return;
        if (averages is BestAverage pool)
        {
            if (Score(step) is not { } score)
            {
                run.Cancel();
                return;
            }
            pool.Offer(score);
        }
        using var averaged = averages?.Use();
        if (_validation.Count > 0)
        {
            if (ValidationLoss(step) is not { } loss)
            {
                run.Cancel();
                return;
            }
            double? metric = Scorer?.Invoke();
            if (Scorer is not null && metric is null)
            {
                run.Cancel();
                return;
            }
            (run.ValidationLoss, run.ValidationMetric) = (loss, metric);
            best.Offer(run);
            rate.OnValidation(run.ValidationsSinceBest);
        }
        run.Curve.Add(
            new TrainingPoint(run.Step, run.Epoch, run.TrainLoss, run.ValidationLoss, run.LearningRate, run.Elapsed)
            {
                ValidationMetric = run.ValidationMetric,
            });
        foreach (var observer in _observers)
            observer.OnValidation(run);
        run.Train = default;
    }

    /// <summary>Of the model as it is, higher is better; null where the run is canceled meanwhile.</summary>
    private double? Score(TrainingStep step) => Scorer is null ? -ValidationLoss(step) : Scorer();

    private double? ValidationLoss(TrainingStep step) => new Validation(step, _validation, _options.TokensPerBatch, _isCanceled).Loss();
}
