using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Estimators;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>Tasks that turn one text into another: <c>mlContext.Seq2Seq</c>.</summary>
public sealed class Seq2SeqCatalog
{
    private readonly MLContext _context;

    internal Seq2SeqCatalog(MLContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _context = context;
        Trainers = new Seq2SeqTrainers(context);
        Transforms = new Seq2SeqTransforms(context);
    }

    /// <summary>Trainers of text pairs.</summary>
    public Seq2SeqTrainers Trainers { get; }

    /// <summary>Stages made of trained models.</summary>
    public Seq2SeqTransforms Transforms { get; }

    /// <summary>Compares predicted texts with what they should be.</summary>
    /// <param name="data">Scored rows; each is read once.</param>
    /// <param name="labelColumnName">What should have been written: text, or a vector of text where each row has several
    /// good answers.</param>
    /// <param name="predictedColumnName">What the model wrote: text.</param>
    /// <param name="options">Null: sacreBLEU's defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or an option is out of
    /// range.</exception>
    /// <exception cref="InvalidOperationException">There are no rows.</exception>
    public Seq2SeqMetrics Evaluate(
        IDataView data,
        string labelColumnName = DefaultNames.Label,
        string predictedColumnName = DefaultNames.Predicted,
        EvaluationOptions? options = null) =>
        Evaluate(data, model: null, labelColumnName, predictedColumnName, options);

    /// <summary>Compares predicted texts with what they should be, and measures how probable the model finds what it should
    /// have written: <see cref="Seq2SeqMetrics.Perplexity"/> and <see cref="Seq2SeqMetrics.TokenAccuracy"/>.</summary>
    /// <param name="data">Scored rows, with the model's source column; each is read once.</param>
    /// <param name="model">The model that scored them; null leaves the two at NaN.</param>
    /// <param name="labelColumnName">What should have been written: text, or a vector of text, of which the model is asked
    /// about the first.</param>
    /// <param name="predictedColumnName">What the model wrote: text.</param>
    /// <param name="options">Null: sacreBLEU's defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or an option is out of
    /// range.</exception>
    /// <exception cref="InvalidOperationException">There are no rows.</exception>
    public Seq2SeqMetrics Evaluate(
        IDataView data,
        Seq2SeqTransformer? model,
        string labelColumnName = DefaultNames.Label,
        string predictedColumnName = DefaultNames.Predicted,
        EvaluationOptions? options = null)
    {
        OptionCheck.ColumnName(nameof(labelColumnName), labelColumnName);
        OptionCheck.ColumnName(nameof(predictedColumnName), predictedColumnName);
        return Evaluator.Evaluate(
            ((IHostEnvironment)_context).Register(nameof(Evaluate)), data, model, labelColumnName, predictedColumnName, options ?? new());
    }

    /// <summary>Looks through pairs of texts for what harms training, and says which model and vocabulary suit them; or, where the
    /// data is scored, through predictions for where they go wrong.</summary>
    /// <param name="data">Rows of source and target: text, or keys of subwords. With the options' <c>PredictedTarget</c> column,
    /// as <c>model.Transform(test)</c> has it, they are inspected as scored data: the result has
    /// <see cref="DataInspection.Predictions"/>, and no <see cref="DataInspection.Vocabulary"/> or
    /// <see cref="DataInspection.Advice"/>. The rows are read once, in most cases: see the remarks.</param>
    /// <param name="options">Null: the trainers' column names and vocabulary, no validation set.</param>
    /// <remarks>Memory doesn't grow with the data, beyond 16 to 32 bytes for each of three hashes of a row, for the first four
    /// million different rows; duplicates of later rows go unseen. Rows are read a second time where some text may have more
    /// than <see cref="SubwordOptions.MaximumTokens"/> tokens, where <see cref="SubwordOptions.SharedVocabulary"/> is false, and
    /// for scripts of many characters. The vocabulary is learned from all rows; the trainers leave out those that they hold out
    /// for validation.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or an option is out of
    /// range.</exception>
    /// <exception cref="OperationCanceledException">Canceled.</exception>
    public DataInspection Inspect(IDataView data, InspectionOptions? options = null) =>
        Inspector.Inspect(((IHostEnvironment)_context).Register(nameof(Inspect)), data, options ?? new());

    /// <summary>Teaches a model how sure it may be: it then adds a column with the probability that a row is right, by which
    /// a pipeline can leave the doubtful rows to a person.</summary>
    /// <param name="model">A trained model; its weights are shared. It predicts the rows with its own decoding options: calibrate
    /// with those that it will be used with.</param>
    /// <param name="validation">Rows that it was not trained on, at least 30, some of them right and some wrong; a few
    /// hundred give steady results. Rows without a source are passed over.</param>
    /// <param name="labelColumnName">What should have been written: text, or a vector of text, each of which is right; also where
    /// the model writes keys.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <returns>The model with <see cref="Generation.Confidence"/> and the column
    /// <see cref="CalibrationOptions.ConfidenceColumnName"/>; both stay with <see cref="Seq2SeqTransformer.WithDecoding"/> and are
    /// saved with it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or an option is out of
    /// range.</exception>
    /// <exception cref="InvalidOperationException">There are too few rows, or all are right or all wrong.</exception>
    public Seq2SeqTransformer Calibrate(
        Seq2SeqTransformer model, IDataView validation, string labelColumnName = DefaultNames.Label, CalibrationOptions? options = null)
    {
        OptionCheck.ColumnName(nameof(labelColumnName), labelColumnName);
        return Calibrator.Calibrate(
            ((IHostEnvironment)_context).Register(nameof(Calibrate)), model, validation, labelColumnName, options ?? new());
    }

    /// <summary>Measures how far confidences can be trusted, and what is won by leaving the doubtful rows to a person.</summary>
    /// <param name="data">Scored rows, other than those of <see cref="Calibrate"/>; each is read once.</param>
    /// <param name="labelColumnName">What should have been written: text, or a vector of text, each of which is right.</param>
    /// <param name="predictedColumnName">What the model wrote: text.</param>
    /// <param name="confidenceColumnName">How sure it is: float, 0 to 1; rows with NaN are passed over.</param>
    /// <param name="chrFThreshold">When a row counts as right: its chrF is at least this. Null: it equals a reference. Take what
    /// the confidences were learned with.</param>
    /// <param name="bins">Bins of equal width for the reliability table and
    /// <see cref="ConfidenceMetrics.ExpectedCalibrationError"/>. Default 15, that of Guo et al. 2017.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or a number is out of
    /// range.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or a confidence is not 0 to 1.</exception>
    public ConfidenceMetrics EvaluateConfidence(
        IDataView data,
        string labelColumnName = DefaultNames.Label,
        string predictedColumnName = DefaultNames.Predicted,
        string confidenceColumnName = DefaultNames.Confidence,
        double? chrFThreshold = null,
        int bins = 15)
    {
        OptionCheck.ColumnName(nameof(labelColumnName), labelColumnName);
        OptionCheck.ColumnName(nameof(predictedColumnName), predictedColumnName);
        OptionCheck.ColumnName(nameof(confidenceColumnName), confidenceColumnName);
        return Calibrator.Evaluate(
            ((IHostEnvironment)_context).Register(nameof(EvaluateConfidence)),
            data, labelColumnName, predictedColumnName, confidenceColumnName, chrFThreshold, bins);
    }

    /// <summary>Trains on all folds of the data but one and measures on that one, for each in turn.</summary>
    /// <param name="data">Rows to train and to measure on.</param>
    /// <param name="estimator">A trainer, or a chain with one in it; it is fitted once for each fold.</param>
    /// <param name="numberOfFolds">How many; at least 2. Default 5, as in ML.NET's other catalogs.</param>
    /// <param name="labelColumnName">What should have been written.</param>
    /// <param name="predictedColumnName">What the model writes.</param>
    /// <param name="samplingKeyColumnName">Rows with the same value in this column stay in the same fold; null: each row on
    /// its own. Name the source column where a source has several targets, or it is measured on what it was trained on.</param>
    /// <param name="seed">Deals the rows out to the folds; null: the context's.</param>
    /// <param name="options">Null: sacreBLEU's defaults.</param>
    /// <remarks>Each fold keeps its checkpoints and its TensorBoard files, where the trainer writes such, in a folder of its own
    /// within the trainer's, "fold-0" the first: called again with the same seed after it was killed, it goes on
    /// where it was.</remarks>
    /// <returns>A result for each fold, in order; dispose the models that you don't keep.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 2 folds, a column is missing, or an option is out of
    /// range.</exception>
    /// <exception cref="InvalidOperationException">A fold has no rows: there are too few rows, or too few different values in the
    /// sampling key column.</exception>
    public IReadOnlyList<Seq2SeqCrossValidationResult> CrossValidate(
        IDataView data,
        IEstimator<ITransformer> estimator,
        int numberOfFolds = 5,
        string labelColumnName = DefaultNames.Label,
        string predictedColumnName = DefaultNames.Predicted,
        string? samplingKeyColumnName = null,
        int? seed = null,
        EvaluationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(estimator);
        OptionCheck.AtLeast(nameof(numberOfFolds), numberOfFolds, 2);
        OptionCheck.ColumnName(nameof(labelColumnName), labelColumnName);
        OptionCheck.ColumnName(nameof(predictedColumnName), predictedColumnName);
        var validation = new CrossValidation(
            ((IHostEnvironment)_context).Register(nameof(CrossValidate)), estimator, labelColumnName, predictedColumnName, options ?? new());
        var folds = _context.Data.CrossValidationSplit(data, numberOfFolds, samplingKeyColumnName, seed);
        validation.Check(data.Schema, folds);
        return validation.Run(folds);
    }

    /// <summary>Looks for good settings: tries shapes, vocabulary sizes, dropout and learning rates, stops the bad ones early
    /// and trains the best on to the end of the budget, or until it stops getting better.</summary>
    /// <remarks>
    /// Successive halving (Jamieson and Talwalkar 2016; Li et al. 2018): all trials train for a short while, the best third
    /// for three times as long, and so on until one is left. A trial that goes on continues from a checkpoint. The first trial is
    /// <see cref="TuningOptions.Trainer"/> as it is, the others are spread evenly over the space. Of the rows a share is held out
    /// once, by the seed, for all trials to be compared on; the trials are compared on it so often that the best one's score is a
    /// little too good: report that of rows kept from the search.
    /// </remarks>
    /// <param name="data">Training rows: source and target; never rows that the result will be reported on.</param>
    /// <param name="budget">Longest time; passed by no more than a training step and a validation. However short it is, the rows are
    /// read once, each shape is timed for a step and the first trial is measured.
    /// <see cref="Timeout.InfiniteTimeSpan"/> with <see cref="TuningOptions.StepsPerTrial"/> only.</param>
    /// <param name="options">Null: the defaults. Copied.</param>
    /// <exception cref="ArgumentException">An option is out of range, or a column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows to train or to validate on, or every trial failed.</exception>
    /// <exception cref="OperationCanceledException">Canceled before the first trial was measured.</exception>
    public TuningResult Tune(IDataView data, TimeSpan budget, TuningOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new TuningOptions();
        options.Validate();
        bool isInfinite = budget == Timeout.InfiniteTimeSpan;
        OptionCheck.That(isInfinite ? options.StepsPerTrial is not null : budget > TimeSpan.Zero, nameof(budget), budget,
            $"more than 0, or {nameof(Timeout.InfiniteTimeSpan)} with {nameof(TuningOptions.StepsPerTrial)}");
        NativePreflight.EnsureLoaded();
        using var tuner = new Tuner(
            ((IHostEnvironment)_context).Register(nameof(Tune)), data, isInfinite ? null : budget, options.Clone());
        return tuner.Run();
    }
}
