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
        OptionCheck.NotEmpty(nameof(labelColumnName), labelColumnName);
        OptionCheck.NotEmpty(nameof(predictedColumnName), predictedColumnName);
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
    /// <returns>A result for each fold, in order; dispose the models that you don't keep.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 2 folds, or a column is missing.</exception>
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
        var results = new List<Seq2SeqCrossValidationResult>(numberOfFolds);
        foreach (var fold in _context.Data.CrossValidationSplit(data, numberOfFolds, samplingKeyColumnName, seed))
        {
            var model = estimator.Fit(fold.TrainSet);
            var scored = model.Transform(fold.TestSet);
            results.Add(new Seq2SeqCrossValidationResult(
                results.Count, model, Evaluate(scored, labelColumnName, predictedColumnName, options), scored));
        }
        return results;
    }
}
