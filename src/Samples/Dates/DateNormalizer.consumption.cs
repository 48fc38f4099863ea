using Microsoft.ML;
using Microsoft.ML.Data;

namespace Samples.Dates;

/// <summary>Dates as people write them, in many languages, to ISO 8601.</summary>
public partial class DateNormalizer
{
    /// <summary>A row to learn from or to predict.</summary>
    public class ModelInput
    {
        /// <summary>A date as somebody wrote it.</summary>
        [ColumnName("Source")]
        public string Source { get; set; } = "";

        /// <summary>The date in ISO 8601; not needed for predictions.</summary>
        [ColumnName("Target")]
        public string? Target { get; set; }
    }

    /// <summary>What the model says.</summary>
    public class ModelOutput
    {
        /// <summary>The date in ISO 8601.</summary>
        [ColumnName("PredictedTarget")]
        public string PredictedTarget { get; set; } = "";

        /// <summary>Its log-probability, normalised for length: near 0 where the model is sure.</summary>
        [ColumnName("Score")]
        public float Score { get; set; }
    }

    /// <summary>The model file. Set it before the first prediction.</summary>
    public static string ModelPath { get; set; } = Path.Combine(AppContext.BaseDirectory, "DateNormalizer.zip");

    /// <summary>Made at the first prediction. A prediction engine serves one thread at a time; a server pools them.</summary>
    public static readonly Lazy<PredictionEngine<ModelInput, ModelOutput>> PredictEngine = new(CreatePredictEngine);

    /// <summary>Predicts one row.</summary>
    public static ModelOutput Predict(ModelInput input) => PredictEngine.Value.Predict(input);

    private static PredictionEngine<ModelInput, ModelOutput> CreatePredictEngine()
    {
        MLContext mlContext = new();
        ITransformer model = mlContext.Model.Load(ModelPath, out _);
        return mlContext.Model.CreatePredictionEngine<ModelInput, ModelOutput>(model);
    }
}
