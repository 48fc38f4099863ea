using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Training;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>One search, from data to the best model.</summary>
internal sealed class Tuner : IDisposable
{
    /// <summary>Steps that a shape's speed is measured in.</summary>
    private const int PilotSteps = 4;

    /// <summary>Epochs that no budget is meant to outlast; the learning rate doesn't depend on them.</summary>
    private const int AmpleEpochs = 1000;

    private readonly IHost _host;
    private readonly IChannel _channel;
    private readonly TuningOptions _options;
    private readonly Cancellation _cancellation;
    private readonly TimeSpan? _budget;
    private readonly IDataView _rows;
    private readonly int _seed;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly string _directory;
    private readonly Dictionary<int, TrainingData> _data = []; // by size of the vocabulary
    private readonly List<TuningTrial> _trials = [];
    private TuningPlan _plan = TuningPlan.Create(1, 2);
    private TuningSpace _space = null!;
    private TimeSpan _unit;                                    // length of the first rung
    private TimeSpan _closing;                                 // longest time from a run's last step to its score
    private int _climbs;
    private (Seq2SeqTransformer Model, (double, int, int) Rank)? _best;
    private Exception? _failure;

    /// <param name="host">Of the caller.</param>
    /// <param name="rows">To train on, and to validate on where the options name no other.</param>
    /// <param name="budget">Null for none.</param>
    /// <param name="options">Validated, and not to change any more.</param>
    public Tuner(IHost host, IDataView rows, TimeSpan? budget, TuningOptions options)
    {
        _host = host;
        _rows = rows;
        _budget = budget;
        _options = options;
        var settings = new HostSettings(host);
        _cancellation = new Cancellation(options.CancellationToken, settings);
        _seed = settings.Seed ?? Random.Shared.Next();
        _channel = host.Start("Tuning");
        _directory = Path.Combine(settings.TempFilePath, $"seq2seq-tuning-{Guid.NewGuid():N}");
    }

    /// <inheritdoc cref="Seq2SeqCatalog.Tune"/>
    public TuningResult Run()
    {
        Prepare();
        var climbing = _trials.Select(trial => trial.Number).ToList();
        for (int rung = 0; rung < _plan.Rungs.Count; rung++)
        {
            foreach (int number in climbing)
            {
                if (_cancellation.IsRequested || (_best is not null && IsOver()))
                    return Result();
                Climb(number, rung);
            }
            if (rung + 1 == _plan.Rungs.Count)
                break;
            // Those that failed are out.
            var ranked = climbing.Where(number => _trials[number - 1].StopReason.Length == 0)
                .OrderBy(number => Rank(_trials[number - 1])).ToList();
            climbing = [.. ranked.Take(_plan.Rungs[rung + 1].Trials).Where(number => !double.IsNaN(_trials[number - 1].Score))];
            for (int place = climbing.Count; place < ranked.Count; place++)
                End(ranked[place], $"place {place + 1} of {ranked.Count} on rung {rung + 1}");
        }
        return Result();
    }

    public void Dispose()
    {
        _best?.Model.Dispose(); // where it was not handed over
        foreach (var data in _data.Values)
            data.Dispose();
        _channel.Dispose();
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Whether there is just the time left to validate what has been trained.</summary>
    private bool IsOver() => _clock.Elapsed + _closing >= _budget;

    private double Cost(double score) =>
        double.IsNaN(score) ? double.PositiveInfinity : _options.Metric == TuningMetric.CharacterLoss ? score : -score;

    /// <summary>The lower the better. Of equal scores the one that more training led to comes first.</summary>
    private (double Cost, int Rungs, int Number) Rank(TuningTrial trial) => (Cost(trial.Score), -trial.RungsToScore, trial.Number);

    /// <summary>Reads the rows, measures how fast the shapes are, and draws the trials.</summary>
    private void Prepare()
    {
        var trainer = _options.Trainer;
        OptionCheck.WritableFolder(nameof(TrainingOptions.TensorBoardDirectory), trainer.Training.TensorBoardDirectory);
        var first = Data(trainer);
        var reading = _clock.Elapsed;
        if (first.ValidationTexts.Count == 0)
            throw new InvalidOperationException(
                $"There are no validation rows to rank trials by; {nameof(Seq2SeqTrainerOptions.ValidationFraction)} is {trainer.ValidationFraction}.");
        bool hasSizes = !first.AreKeys && trainer.Tokenization.Kind is (SubwordKind.BytePairEncoding or SubwordKind.Word);
        var sizes = hasSizes ? _options.VocabularySizes : [trainer.Tokenization.VocabularySize];
        _space = new TuningSpace(_options, sizes, _seed);

        Func<TransformerArchitecture, long> steps = _ => _options.StepsPerTrial ?? 0;
        if (_options.StepsPerTrial is null)
        {
            var speeds = new Dictionary<string, double>(); // seconds a step, by shape
            foreach (var shape in _options.Architectures.Append(trainer.Architecture))
                if (!speeds.ContainsKey(Name(shape)))
                    speeds[Name(shape)] = Pilot(shape);
            TimeSpan left = _budget!.Value - _clock.Elapsed - ((sizes.Count - 1) * reading);
            _plan = _options.MaxTrials is { } trials
                ? TuningPlan.Create(trials, _options.Reduction)
                : TuningPlan.Within(left, _closing, TimeSpan.FromSeconds(speeds.Values.Max()), _options.Reduction);
            _unit = _plan.Unit(left, _closing);
            double whole = _unit.TotalSeconds * _plan.Rungs[^1].End;
            steps = shape => Math.Max(1, (long)(whole / speeds[Name(shape)]));
        }
        else
        {
            _plan = TuningPlan.Create(_options.MaxTrials ?? 9, _options.Reduction);
        }
        for (int number = 1; number <= _plan.Rungs[0].Trials; number++)
            _trials.Add(_space.Trial(number, steps, 1 / _plan.Rungs[^1].End));
        _channel.Info(MessageSensitivity.None, "{0} trials on {1} rungs", _trials.Count, _plan.Rungs.Count);
    }

    private static string Name(TransformerArchitecture shape)
    {
        var plain = shape.Clone();
        plain.Dropout = 0;
        return JsonSerializer.Serialize(plain);
    }

    /// <summary>The rows in the vocabulary of a trial; they are split alike for all.</summary>
    /// <exception cref="OperationCanceledException">Canceled, or the budget was spent meanwhile and there is a model.</exception>
    private TrainingData Data(TransformerTrainer.Options trainer)
    {
        int size = trainer.Tokenization.VocabularySize;
        if (_data.TryGetValue(size, out var data))
            return data;
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(_options.CancellationToken);
        if (_best is not null && _budget - _closing - _clock.Elapsed is { } left)
            reading.CancelAfter((int)Math.Clamp(left.TotalMilliseconds, 0, int.MaxValue));
        return _data[size] = TrainingData.Read(_host, _rows, trainer.ValidationSet, trainer, _seed, _cancellation with { Token = reading.Token });
    }

    /// <returns>Seconds a step.</returns>
    private double Pilot(TransformerArchitecture shape)
    {
        var trainer = _options.Trainer.Clone();
        trainer.Architecture = shape.Clone();
        Own(trainer.Training);
        var end = new RungEnd(run => run.Step >= PilotSteps, IsOver);
        using var model = Fit(trainer, end);
        return end.SecondsPerStep;
    }

    /// <summary>What a search decides instead of the user's options.</summary>
    private void Own(TrainingOptions training)
    {
        training.MaxDuration = null;
        training.MaxEpochs = Math.Max(training.MaxEpochs, AmpleEpochs);
        training.CheckpointDirectory = null;
        training.CheckpointEverySteps = int.MaxValue; // at the end of a rung only
        training.KeepCheckpoints = 1;
        training.Resume = ResumeMode.Auto;
        training.Progress = null;
        training.CancellationToken = _options.CancellationToken;
    }

    private Seq2SeqTransformer Fit(TransformerTrainer.Options trainer, RungEnd end) =>
        new ModelFit(_host, trainer, new ModelArchitecture { Transformer = trainer.Architecture }).Run(Data(trainer), _seed, end);

    private void Climb(int number, int rung)
    {
        var trial = _trials[number - 1];
        Report(number, rung, isMeasured: false, training: null);
        var trainer = _space.Apply(trial);
        var training = trainer.Training;
        Own(training);
        string name = string.Create(CultureInfo.InvariantCulture, $"trial-{number:d2}");
        training.CheckpointDirectory = Path.Combine(_directory, name);
        if (training.TensorBoardDirectory is { } board)
            training.TensorBoardDirectory = Path.Combine(board, name);
        training.MaxSteps = _options.StepsPerTrial ?? training.MaxSteps;
        if (_options.StepsPerTrial is null && training.Schedule is (LearningRateSchedule.Cosine or LearningRateSchedule.Linear))
            training.MaxSteps ??= trial.PlannedSteps; // where their rates end
        if (_options.Progress is not null)
            training.Progress = new Relay(progress => Report(number, rung, isMeasured: false, progress));

        bool isLast = rung + 1 == _plan.Rungs.Count, isCut = false;
        double end = _plan.Rungs[rung].End;
        Func<TrainingRun, bool> isReached = isLast ? _ => false
            : _options.StepsPerTrial is { } steps ? run => run.Step >= Math.Max(1, (long)(steps * end / _plan.Rungs[^1].End))
            : run => run.Elapsed >= end * _unit;
        TimeSpan paused = _clock.Elapsed;
        try
        {
            var model = Fit(trainer, new RungEnd(isReached, () => isCut = IsOver()) { Paused = () => paused = _clock.Elapsed });
            if (_cancellation.IsRequested && _best is not null)
            {
                model.Dispose();
                End(number, "canceled");
                return;
            }
            double score = TrialScore.Of(model, Data(_options.Trainer).ValidationTexts, _options.Metric);
            if (_clock.Elapsed - paused is var closing && closing > _closing)
                _closing = closing;
            var report = model.Report;
            int rungs = isCut && !isLast ? rung : rung + 1;
            bool isBest = Cost(score) <= Cost(trial.Score);
            _trials[number - 1] = trial = trial with
            {
                Score = isBest ? score : trial.Score,
                RungsToScore = isBest ? rungs : trial.RungsToScore,
                ValidationLoss = report.BestValidationLoss,
                Rungs = rungs,
                Steps = report.Steps,
                Duration = report.Duration,
            };
            if (isBest && (_best is not { } best || Rank(trial).CompareTo(best.Rank) <= 0))
            {
                _best?.Model.Dispose();
                _best = (model, Rank(trial));
            }
            else
            {
                model.Dispose();
            }
            if (isCut)
                End(number, "budget spent");
            else if (isLast)
                End(number, report.StopReason);
        }
        catch (OperationCanceledException) when (_cancellation.IsRequested || !_data.ContainsKey(trial.VocabularySize))
        {
            End(number, _cancellation.IsRequested ? "canceled" : "budget spent before it began");
        }
        catch (InvalidOperationException e)
        {
            // Other settings may do better; where none does, this is what went wrong.
            _failure = e;
            End(number, e.Message);
        }
        _climbs++;
        Report(number, rung, isMeasured: true, training: null);
    }

    private void End(int number, string reason) => _trials[number - 1] = _trials[number - 1] with { StopReason = reason };

    private TuningResult Result()
    {
        if (_best is not { } best)
        {
            _cancellation.ThrowIfRequested();
            throw _failure!; // a search that is not canceled ends without a model only where all trials failed
        }
        string reason = _cancellation.IsRequested ? "canceled" : "budget spent";
        foreach (var trial in _trials.Where(trial => trial.StopReason.Length == 0).ToArray())
            End(trial.Number, trial.Rungs == 0 ? $"{reason} before it began" : reason);
        var ranked = Ranked();
        _channel.Info(MessageSensitivity.None, "Best of {0}: {1}", ranked.Count, ranked[0].ToString());
        _best = null;
        return new TuningResult(ranked, _options.Metric, best.Model, _space.Apply(ranked[0]), _clock.Elapsed);
    }

    private List<TuningTrial> Ranked() => [.. _trials.OrderBy(Rank)];

    private void Report(int number, int rung, bool isMeasured, TrainingProgress? training)
    {
        if (_options.Progress is not { } progress)
            return;
        double byTime = _budget is { } budget ? _clock.Elapsed / budget : 0;
        double byClimbs = _options.StepsPerTrial is null ? 0 : (double)_climbs / _plan.Climbs;
        progress.Report(new TuningProgress(_trials[number - 1], rung + 1, isMeasured, Ranked(),
            Math.Clamp(Math.Max(byTime, byClimbs), 0, 1), _clock.Elapsed, training));
    }

    private sealed class Relay(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
