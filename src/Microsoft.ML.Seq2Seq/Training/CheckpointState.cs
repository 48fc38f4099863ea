using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>Everything of a run that is no tensor.</summary>
internal sealed record CheckpointState
{
    private static readonly JsonSerializerOptions _json = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, // a loss may be NaN
    };

    /// <summary>What the data, the model and the options were.</summary>
    public required SortedDictionary<string, string> Fingerprint { get; init; }

    public required int Seed { get; init; }

    public required long Step { get; init; }

    public required int Epoch { get; init; }

    /// <summary>Updates of the epoch done.</summary>
    public required int Position { get; init; }

    /// <summary>Masks that each replica's dropout has drawn.</summary>
    public required IReadOnlyList<ulong> Drawn { get; init; }

    /// <summary>Of <see cref="Training.LearningRate.Factor"/>.</summary>
    public required double RateFactor { get; init; }

    public required double LearningRate { get; init; }

    public required double GradientNorm { get; init; }

    public required int SkippedSteps { get; init; }

    public required int SkippedInARow { get; init; }

    public int SplitBatches { get; init; }

    public int RowsLeftOut { get; init; }

    public required LossSum Train { get; init; }

    public required double? ValidationLoss { get; init; }

    public required double? ValidationMetric { get; init; }

    public required double? BestValidationLoss { get; init; }

    public required double? BestScore { get; init; }

    public required int ValidationsSinceBest { get; init; }

    /// <summary>Of <see cref="WeightAverage.Scores"/>.</summary>
    public IReadOnlyList<double> AverageScores { get; init; } = [];

    public required IReadOnlyList<TrainingPoint> Curve { get; init; }

    public required long TokensTrained { get; init; }

    public required TimeSpan TimeTraining { get; init; }

    public required TimeSpan Elapsed { get; init; }

    /// <summary>Set where the run had come to its end.</summary>
    public required string? StopReason { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, _json);

    /// <exception cref="JsonException">It is something else.</exception>
    public static CheckpointState FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<CheckpointState>(json, _json) ?? throw new JsonException("The state is null.");
}
