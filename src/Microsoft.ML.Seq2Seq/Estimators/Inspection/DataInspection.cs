using Microsoft.ML.Seq2Seq.Estimators;

namespace Microsoft.ML.Seq2Seq;

/// <summary>What an inspection of pairs of texts found. <see cref="ToString"/> is a report for a console,
/// <see cref="ToHtml"/> one for a browser.</summary>
public sealed record DataInspection
{
    /// <summary>Rows of the data.</summary>
    public required long Rows { get; init; }

    /// <summary>Rows with both texts: those that training takes.</summary>
    public required long UsableRows { get; init; }

    /// <summary>Rows of the validation set; null where none was given.</summary>
    public required long? ValidationRows { get; init; }

    /// <summary>What was found, the gravest first.</summary>
    public required IReadOnlyList<DataFinding> Findings { get; init; }

    /// <summary>The sources.</summary>
    public required TextStatistics Source { get; init; }

    /// <summary>The targets.</summary>
    public required TextStatistics Target { get; init; }

    /// <summary>Target characters for each source character in the middle row, ten being added to both; NaN without usable
    /// rows.</summary>
    public required double TargetToSource { get; init; }

    /// <summary>The rows as tokens; null for scored data, and where there is nothing to learn a vocabulary from.</summary>
    public VocabularyStatistics? Vocabulary { get; init; }

    /// <summary>A model and a vocabulary that suit the data; null where <see cref="Vocabulary"/> is.</summary>
    public TrainingAdvice? Advice { get; init; }

    /// <summary>How good the predictions are; null for data that is not scored.</summary>
    public PredictionStatistics? Predictions { get; init; }

    /// <summary>A report of plain text.</summary>
    public override string ToString() => new InspectionText(this).Write();

    /// <summary>A report as one HTML document, which needs nothing else: styles and charts are in it, scripts are not. All text
    /// of the data is escaped. It is well-formed XML, too.</summary>
    /// <param name="title">Its heading.</param>
    public string ToHtml(string title = "Data inspection")
    {
        ArgumentNullException.ThrowIfNull(title);
        return new InspectionHtml(this).Write(title);
    }
}

/// <summary>A model and a vocabulary that suit the data.</summary>
public sealed record TrainingAdvice
{
    /// <summary>The preset of <see cref="TransformerArchitecture"/>: its name, such as <c>Tiny</c>.</summary>
    public required string Preset { get; init; }

    /// <summary>Most tokens of the vocabulary.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Why, a sentence for each choice.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>The choices and the inspected columns, ready for <c>Trainers.Transformer(options)</c>. How long to train and what
    /// else there is to choose is at the trainer's defaults.</summary>
    public required TransformerTrainer.Options Options { get; init; }
}
