using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq;

namespace Samples.Dates;

public partial class DateNormalizer
{
    /// <summary>A row and what the model made of it.</summary>
    public class EvaluatedRow
    {
        /// <summary>A date as somebody wrote it.</summary>
        [ColumnName("Source")]
        public string Source { get; set; } = "";

        /// <summary>The date in ISO 8601.</summary>
        [ColumnName("Target")]
        public string Target { get; set; } = "";

        /// <summary>The date that the model wrote.</summary>
        [ColumnName("PredictedTarget")]
        public string PredictedTarget { get; set; } = "";
    }

    /// <summary>Measures the model on rows that it hasn't seen.</summary>
    public static (Seq2SeqMetrics Metrics, IReadOnlyList<EvaluatedRow> Rows) Evaluate(
        MLContext mlContext, ITransformer model, IDataView testSet)
    {
        // Kept, because a data view is lazy: asked twice, it would predict twice.
        List<EvaluatedRow> rows =
            [.. mlContext.Data.CreateEnumerable<EvaluatedRow>(model.Transform(testSet), reuseRowObject: false)];
        return (mlContext.Seq2Seq.Evaluate(mlContext.Data.LoadFromEnumerable(rows)), rows);
    }
}
