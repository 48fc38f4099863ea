using Microsoft.ML.Seq2Seq.Decoding;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>Decoding options with their texts as token ids, which a long list takes time to encode: made once, used for any
/// number of calls.</summary>
/// <param name="Options">Validated, and not to change any more.</param>
internal sealed record DecodingPlan(DecodingOptions Options)
{
    /// <summary>Finds those of the options; null where there are none.</summary>
    public PhraseFilter? BannedPhrases { get; init; }

    /// <summary>Those of the options; null allows all.</summary>
    public AllowedTexts? AllowedTargets { get; init; }

    /// <summary>Null where confidences are NaN.</summary>
    public ConfidenceCalibration? Calibration { get; init; }
}
