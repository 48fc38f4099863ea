using Microsoft.ML.Seq2Seq.Estimators;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>What all trainers of text pairs share.</summary>
public abstract class Seq2SeqTrainerOptions
{
    private protected Seq2SeqTrainerOptions()
    {
    }

    /// <summary>The column with the text to write. Default <c>Target</c>.</summary>
    public string LabelColumnName { get; set; } = DefaultNames.Label;

    /// <summary>The column with the text to read. Default <c>Source</c>.</summary>
    public string SourceColumnName { get; set; } = DefaultNames.Source;

    /// <summary>The column for the text that the model writes. Default <c>PredictedTarget</c>.</summary>
    public string PredictedColumnName { get; set; } = DefaultNames.Predicted;

    /// <summary>The column for its score. Default <c>Score</c>.</summary>
    public string ScoreColumnName { get; set; } = DefaultNames.Score;

    /// <summary>How text becomes tokens.</summary>
    public SubwordOptions Tokenization { get; set; } = new();

    /// <summary>How the model is trained.</summary>
    public TrainingOptions Training { get; set; } = new();

    /// <summary>How the trained model writes; it can be changed later with
    /// <see cref="Seq2SeqTransformer.WithDecoding"/>.</summary>
    public DecodingOptions Decoding { get; set; } = new();

    /// <summary>Rows to validate on. Default null: <see cref="ValidationFraction"/> of the training rows.</summary>
    public IDataView? ValidationSet { get; set; }

    /// <summary>Share of the training rows held out for validation where there is no <see cref="ValidationSet"/>.
    /// Default 0.1, at most 5,000 rows: the loss on them picks the best weights and ends training in time. 0 trains on
    /// every row and keeps the last weights.</summary>
    public double ValidationFraction { get; set; } = 0.1;

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names it, its value and what is
    /// allowed.</exception>
    public virtual void Validate()
    {
        OptionCheck.ColumnName(nameof(LabelColumnName), LabelColumnName);
        OptionCheck.ColumnName(nameof(SourceColumnName), SourceColumnName);
        OptionCheck.ColumnName(nameof(PredictedColumnName), PredictedColumnName);
        OptionCheck.ColumnName(nameof(ScoreColumnName), ScoreColumnName);
        OptionCheck.NotNull(nameof(Tokenization), Tokenization);
        OptionCheck.NotNull(nameof(Training), Training);
        OptionCheck.NotNull(nameof(Decoding), Decoding);
        Tokenization.Validate();
        Training.Validate();
        Decoding.Validate();
        OutputNames.Validate(Columns, Decoding);
        OptionCheck.Probability(nameof(ValidationFraction), ValidationFraction);
    }

    internal GenerationColumns Columns => new(SourceColumnName, PredictedColumnName, ScoreColumnName);

    /// <summary>One matrix for source and target takes one vocabulary.</summary>
    private protected void CheckSharing(EmbeddingSharing sharing) =>
        OptionCheck.That(sharing != EmbeddingSharing.All || Tokenization.SharedVocabulary,
            nameof(TransformerArchitecture.ShareEmbeddings), sharing,
            $"{EmbeddingSharing.None} or {EmbeddingSharing.DecoderInputOutput} where {nameof(SubwordOptions.SharedVocabulary)} is false");

    private protected void CloneParts()
    {
        Tokenization = Tokenization.Clone();
        Training = Training.Clone();
        Decoding = Decoding.Clone();
    }
}

/// <summary>Column names that every entry point defaults to.</summary>
internal static class DefaultNames
{
    public const string Label = "Target", Source = "Source", Predicted = "PredictedTarget", Score = "Score",
        Confidence = "Confidence";
}
