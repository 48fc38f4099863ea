using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>The check that none of a model's columns hides another.</summary>
internal static class OutputNames
{
    /// <param name="columns">Names that were chosen.</param>
    /// <param name="options">What adds columns of fixed names.</param>
    /// <param name="confidence">The name of the column of confidences; null where the model was not calibrated.</param>
    /// <exception cref="ArgumentOutOfRangeException">Two columns have one name; the message names the option.</exception>
    public static void Validate(GenerationColumns columns, DecodingOptions options, string? confidence = null)
    {
        string[] names = [.. OutputColumn.For(columns, options, confidence: confidence).Select(column => column.Name)];
        Check(nameof(CalibrationOptions.ConfidenceColumnName), confidence);
        Check(nameof(Seq2SeqTrainerOptions.ScoreColumnName), columns.Score);
        Check(nameof(Seq2SeqTrainerOptions.PredictedColumnName), columns.Predicted);

        void Check(string option, string? chosen) => OptionCheck.That(names.Count(name => name == chosen) <= 1, option, chosen,
            $"another name than those of the columns beside it: {string.Join(", ", names.Where(name => name != chosen).Distinct())}");
    }
}
