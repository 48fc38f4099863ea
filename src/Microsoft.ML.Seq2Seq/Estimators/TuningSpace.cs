using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Training;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>The settings to try, in the order of their numbers.</summary>
/// <param name="options">Validated.</param>
/// <param name="vocabularySizes">Those that make a difference.</param>
/// <param name="seed">Shifts the sequence.</param>
internal sealed class TuningSpace(TuningOptions options, IReadOnlyList<int> vocabularySizes, int seed)
{
    /// <summary>The root of x⁵ = x + 1: its powers fill four dimensions more evenly than random numbers do, for any number of
    /// points (Roberts 2018).</summary>
    private const double Root = 1.1673039782614187;

    /// <param name="number">Counted from 1.</param>
    /// <param name="steps">Of a whole run of a shape, as far as is known.</param>
    /// <param name="firstRung">Its share of a whole run.</param>
    public TuningTrial Trial(int number, Func<TransformerArchitecture, long> steps, double firstRung)
    {
        var trainer = options.Trainer;
        if (number == 1)
        {
            var given = trainer.Architecture.Clone();
            return Trial(number, given, trainer.Tokenization.VocabularySize, trainer.Training.LearningRate, steps(given), firstRung);
        }
        var shape = Choose(options.Architectures, Coordinate(number, 0)).Clone();
        int size = Choose(vocabularySizes, Coordinate(number, 1));
        shape.Dropout = options.MinimumDropout + (Coordinate(number, 2) * (options.MaximumDropout - options.MinimumDropout));
        double rate = options.MinimumLearningRate * Math.Pow(options.MaximumLearningRate / options.MinimumLearningRate, Coordinate(number, 3));
        return Trial(number, shape, size, rate, steps(shape), firstRung);
    }

    /// <summary>The trainer's options with a trial's settings.</summary>
    public TransformerTrainer.Options Apply(TuningTrial trial)
    {
        var trainer = options.Trainer.Clone();
        trainer.Architecture = trial.Architecture.Clone();
        trainer.Tokenization.VocabularySize = trial.VocabularySize;
        trainer.Training.LearningRate = trial.LearningRate;
        trainer.Training.WarmupSteps = trial.WarmupSteps;
        return trainer;
    }

    private TuningTrial Trial(
        int number, TransformerArchitecture shape, int vocabularySize, double? learningRate, long planned, double firstRung)
    {
        var training = options.Trainer.Training.Clone();
        int warmup = training.WarmupSteps ?? LearningRate.DefaultWarmup(planned);
        return new TuningTrial
        {
            Number = number,
            Architecture = shape,
            VocabularySize = vocabularySize,
            LearningRate = learningRate ?? new LearningRate(training, planned, shape.ModelDimension).At(Math.Max(1, warmup)),
            // Over by the middle of the first rung: before that, trials differ in little but how steeply their rates rise.
            WarmupSteps = training.WarmupSteps ?? Math.Max(1, (int)Math.Min(warmup, planned * firstRung / 2)),
            PlannedSteps = (int)Math.Min(planned, int.MaxValue),
        };
    }

    private double Coordinate(int number, int dimension)
    {
        double start = new SplitMix64(SplitMix64.Combine((ulong)seed, (ulong)(0x70E + dimension))).NextDouble();
        double value = start + (number * Math.Pow(Root, -(dimension + 1)));
        return value - Math.Floor(value);
    }

    private static T Choose<T>(IReadOnlyList<T> values, double coordinate) => values[(int)(coordinate * values.Count)];
}
