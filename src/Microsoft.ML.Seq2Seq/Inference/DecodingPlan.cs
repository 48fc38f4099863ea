using Microsoft.ML.Seq2Seq.Decoding;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>Decoding options with their texts as token ids, which a long list takes time to encode: made once, used for any
/// number of calls.</summary>
/// <param name="Options">Validated, and not to change any more.</param>
/// <param name="Constraints">Their texts.</param>
internal sealed record DecodingPlan(DecodingOptions Options, SearchConstraints Constraints)
{
    /// <summary>Null where confidences are NaN.</summary>
    public ConfidenceCalibration? Calibration { get; init; }
}
