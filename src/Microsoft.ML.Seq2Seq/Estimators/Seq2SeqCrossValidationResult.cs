namespace Microsoft.ML.Seq2Seq;

/// <summary>What came of one fold of <see cref="Seq2SeqCatalog.CrossValidate"/>.</summary>
/// <param name="Fold">Its number, counted from 0.</param>
/// <param name="Model">Trained on all other folds.</param>
/// <param name="Metrics">Of the model on this fold.</param>
/// <param name="ScoredHoldOutSet">The rows of this fold with the model's columns; lazy, so they are predicted anew when
/// they are read.</param>
public sealed record Seq2SeqCrossValidationResult(int Fold, ITransformer Model, Seq2SeqMetrics Metrics, IDataView ScoredHoldOutSet);
