using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Trains on all folds but one and measures on that one, for each in turn.</summary>
internal sealed class CrossValidation(
    IHost host, IEstimator<ITransformer> estimator, string labelColumnName, string predictedColumnName, EvaluationOptions options)
{
    /// <summary>Finds what a fold would fail on before the first is trained.</summary>
    /// <inheritdoc cref="Seq2SeqCatalog.CrossValidate" path="/exception"/>
    public void Check(DataViewSchema schema, IReadOnlyList<DataOperationsCatalog.TrainTestData> folds)
    {
        options.Validate();
        var scored = estimator.GetOutputSchema(SchemaColumns.ShapeOf(schema));
        var label = SchemaColumns.Find(host, scored, nameof(labelColumnName), "label", labelColumnName);
        if (label.ItemType is not TextDataViewType)
            throw SchemaColumns.WrongType(
                host, nameof(labelColumnName), "label", labelColumnName, "String or Vector<String>", SchemaColumns.Describe(label));
        TextColumn.Check(host, scored, nameof(predictedColumnName), "predicted", predictedColumnName);
        // Where all rows are in one fold, which leaves none to train on, the others are empty.
        for (int fold = 0; fold < folds.Count; fold++)
            if (IsEmpty(folds[fold].TestSet))
                throw new InvalidOperationException(
                    $"Fold {fold} of {folds.Count} has no rows: there are too few rows, or too few different values in the sampling key column.");
    }

    public IReadOnlyList<Seq2SeqCrossValidationResult> Run(IReadOnlyList<DataOperationsCatalog.TrainTestData> folds)
    {
        var results = new List<Seq2SeqCrossValidationResult>(folds.Count);
        ITransformer? model = null;
        try
        {
            foreach (var fold in folds)
            {
                model = RunFolder.Use(FormattableString.Invariant($"fold-{results.Count}"), () => estimator.Fit(fold.TrainSet));
                var scored = model.Transform(fold.TestSet);
                var metrics = Evaluator.Evaluate(host, scored, model: null, labelColumnName, predictedColumnName, options);
                results.Add(new Seq2SeqCrossValidationResult(results.Count, model, metrics, scored));
                model = null;
            }
            return results;
        }
        catch
        {
            foreach (var fitted in results.Select(result => result.Model).Append(model))
                (fitted as IDisposable)?.Dispose();
            throw;
        }
    }

    private static bool IsEmpty(IDataView rows)
    {
        using var cursor = rows.GetRowCursor([]);
        return !cursor.MoveNext();
    }
}
