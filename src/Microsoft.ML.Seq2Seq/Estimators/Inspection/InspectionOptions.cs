using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>What an inspection reads and when it speaks up.</summary>
public sealed class InspectionOptions
{
    /// <summary>What should be written. Default <c>Target</c>.</summary>
    public string LabelColumnName { get; set; } = DefaultNames.Label;

    /// <summary>What is read. Default <c>Source</c>.</summary>
    public string SourceColumnName { get; set; } = DefaultNames.Source;

    /// <summary>What a model wrote. Default <c>PredictedTarget</c>. Data that has this column is inspected as scored data; any
    /// other name than the default has to be there.</summary>
    public string PredictedColumnName { get; set; } = DefaultNames.Predicted;

    /// <summary>The model's score of it. Default <c>Score</c>; scored data may do without.</summary>
    public string ScoreColumnName { get; set; } = DefaultNames.Score;

    /// <summary>Rows that the model will be validated or tested on, with the same columns: they are looked for among the data's
    /// rows, and their unknown tokens are counted. Default null.</summary>
    public IDataView? ValidationSet { get; set; }

    /// <summary>The vocabulary that training would learn, and how long a text may be. Default: the trainers'.</summary>
    public SubwordOptions Tokenization { get; set; } = new();

    /// <summary>A row is out of proportion when its lengths are further from the middle row's than so many standard
    /// deviations. Default 5: of normally distributed rows one in two million is. Real ones have longer tails: it finds one in ten
    /// thousand of Multi30k, and these are wrong.</summary>
    public double RatioDeviations { get; set; } = 5;

    /// <summary>A script that is the main one of fewer texts of a column than this share is foreign there. Default 0.05: a
    /// second language that is meant to be there has more rows, a crawler's mistakes fewer.</summary>
    public double RareScriptShare { get; set; } = 0.05;

    /// <summary>A token that training sees fewer times is rare. Default 5: hardly more than once an epoch in five different
    /// sentences.</summary>
    public int RareTokenCount { get; set; } = 5;

    /// <summary>A prediction is too short or too long when its length is so many times less or more than the label's, ten
    /// characters being added to both. Default 2: good translations of one text seldom differ by that.</summary>
    public double LengthFactor { get; set; } = 2;

    /// <summary>How often in a row a prediction may have the same phrase. Default 2: "very, very good" is language, a third time
    /// is a loop.</summary>
    public int MaximumRepeats { get; set; } = 2;

    /// <summary>How many rows are kept as examples of each finding. Default 5, 0 to 1,000.</summary>
    public int ExampleRows { get; set; } = 5;

    /// <summary>Stops the inspection. Default none.</summary>
    public CancellationToken CancellationToken { get; set; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names it, its value and what is
    /// allowed.</exception>
    public void Validate()
    {
        OptionCheck.ColumnName(nameof(LabelColumnName), LabelColumnName);
        OptionCheck.ColumnName(nameof(SourceColumnName), SourceColumnName);
        OptionCheck.ColumnName(nameof(PredictedColumnName), PredictedColumnName);
        OptionCheck.ColumnName(nameof(ScoreColumnName), ScoreColumnName);
        OptionCheck.NotNull(nameof(Tokenization), Tokenization);
        Tokenization.Validate();
        OptionCheck.Positive(nameof(RatioDeviations), RatioDeviations);
        OptionCheck.Probability(nameof(RareScriptShare), RareScriptShare);
        OptionCheck.AtLeast(nameof(RareTokenCount), RareTokenCount, 1);
        OptionCheck.That(LengthFactor > 1 && double.IsFinite(LengthFactor), nameof(LengthFactor), LengthFactor, "more than 1");
        OptionCheck.AtLeast(nameof(MaximumRepeats), MaximumRepeats, 1);
        OptionCheck.That(ExampleRows is >= 0 and <= 1000, nameof(ExampleRows), ExampleRows, "0 to 1000");
    }
}
