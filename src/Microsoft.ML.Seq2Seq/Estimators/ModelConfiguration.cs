using System.Text.Json.Serialization;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>The entry <c>config.json</c> of a model file: all that is needed beside vocabulary and weights.</summary>
internal sealed record ModelConfiguration
{
    public required GenerationColumns Columns { get; init; }

    /// <summary>Whether predictions are the keys of subwords rather than text.</summary>
    public bool WritesKeys { get; init; }

    public required ModelArchitecture Architecture { get; init; }

    public required int MaximumTokens { get; init; }

    public required OverflowPolicy OverflowPolicy { get; init; }

    public required DecodingOptions Decoding { get; init; }

    /// <summary>Null where the model was not calibrated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ConfidenceCalibration? Calibration { get; init; }

    /// <summary>What the weights are kept in; files from before models were quantised don't say, and hold float32.</summary>
    public InferencePrecision Precision { get; init; } = InferencePrecision.Float32;

    /// <exception cref="ArgumentException">A value is missing or out of range.</exception>
    public void Validate()
    {
        OptionCheck.NotNull(nameof(Columns), Columns);
        OptionCheck.ColumnName(nameof(Columns.Source), Columns.Source);
        OptionCheck.ColumnName(nameof(Columns.Predicted), Columns.Predicted);
        OptionCheck.ColumnName(nameof(Columns.Score), Columns.Score);
        OptionCheck.NotNull(nameof(Architecture), Architecture);
        Architecture.Validate();
        OptionCheck.AtLeast(nameof(MaximumTokens), MaximumTokens, 1);
        OptionCheck.Defined(nameof(OverflowPolicy), OverflowPolicy);
        OptionCheck.NotNull(nameof(Decoding), Decoding);
        Decoding.Validate();
        Calibration?.Validate();
        Architecture.Validate(Decoding);
        OptionCheck.Defined(nameof(Precision), Precision);
        OptionCheck.That(Precision != InferencePrecision.Auto, nameof(Precision), Precision, "a precision");
        OptionCheck.That(Precision == InferencePrecision.Float32 || Architecture.Transformer is not null, nameof(Precision), Precision,
            $"{nameof(InferencePrecision.Float32)} for any model but a Transformer");
    }
}
