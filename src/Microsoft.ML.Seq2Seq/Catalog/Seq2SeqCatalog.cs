using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Estimators;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>Tasks that turn one text into another: <c>mlContext.Seq2Seq</c>.</summary>
public sealed class Seq2SeqCatalog
{
    private readonly IHostEnvironment _environment;

    internal Seq2SeqCatalog(IHostEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        _environment = environment;
        Trainers = new Seq2SeqTrainers(environment);
        Transforms = new Seq2SeqTransforms(environment);
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
        EvaluationOptions? options = null)
    {
        OptionCheck.NotEmpty(nameof(labelColumnName), labelColumnName);
        OptionCheck.NotEmpty(nameof(predictedColumnName), predictedColumnName);
        return Evaluator.Evaluate(_environment.Register(nameof(Evaluate)), data, labelColumnName, predictedColumnName, options ?? new());
    }
}
