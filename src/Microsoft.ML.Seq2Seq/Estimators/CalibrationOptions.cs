using Microsoft.ML.Seq2Seq.Evaluation;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>How confidences are learned.</summary>
public sealed class CalibrationOptions
{
    /// <summary>The formula. Default <see cref="CalibrationMethod.Auto"/>: whichever explains the validation rows
    /// better.</summary>
    public CalibrationMethod Method { get; set; } = CalibrationMethod.Auto;

    /// <summary>When a row counts as right: its chrF is at least this, more than 0 and at most 100. Default null: it equals
    /// a reference, character by character, which suits normalisation and pronunciation; for translation, where many
    /// wordings will do, take what a person would still accept, such as 60.</summary>
    public double? ChrFThreshold { get; set; }

    /// <summary>The column for the confidence. Default <c>Confidence</c>.</summary>
    public string ConfidenceColumnName { get; set; } = DefaultNames.Confidence;

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names it, its value and what is
    /// allowed.</exception>
    public void Validate()
    {
        OptionCheck.Defined(nameof(Method), Method);
        RowJudge.Validate(nameof(ChrFThreshold), ChrFThreshold);
        OptionCheck.ColumnName(nameof(ConfidenceColumnName), ConfidenceColumnName);
    }
}
