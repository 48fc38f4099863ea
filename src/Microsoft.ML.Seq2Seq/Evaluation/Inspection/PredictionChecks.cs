using System.Globalization;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>What is looked for in predictions, row after row.</summary>
/// <param name="lengthFactor">A prediction is too short or too long when its length differs from the label's by more.</param>
/// <param name="mostRepeats">A phrase may stand so often in a row.</param>
internal sealed class PredictionChecks(double lengthFactor, int mostRepeats, int mostExamples)
{
    /// <summary>Characters added to both lengths before they are compared: one word more or less is no fault in a short
    /// text.</summary>
    private const double Added = 10;

    /// <summary>Below this, a twenty-fifth of the variance, a score is of no use as a filter.</summary>
    private const double LeastCorrelation = 0.2;

    /// <summary>Fewest rows that a trend is seen in.</summary>
    private const int FewestRows = 30;

    private readonly LengthGroups _groups = new();
    private readonly Correlation _scores = new();
    private readonly ExtremeRows _worst = new(mostExamples);
    private readonly RowTally _empty = new(mostExamples), _copies = new(mostExamples), _repeats = new(mostExamples);
    private readonly RowTally _short = new(mostExamples), _long = new(mostExamples);
    private long _rows, _predicted, _wanted;

    /// <summary>Rows without a label are passed over.</summary>
    public void Add(TextRow row)
    {
        string predicted = row.Predicted!;
        if (string.IsNullOrWhiteSpace(row.Target))
            return;
        _rows++;
        _predicted += predicted.Length;
        _wanted += row.Target.Length;
        double chrF = _groups.Add(row);
        _worst.Add(chrF, row);
        if (float.IsFinite(row.Score))
            _scores.Add(row.Score, chrF);
        if (string.IsNullOrWhiteSpace(predicted))
        {
            _empty.Add(row);
            return;
        }

        if (predicted == row.Source && predicted != row.Target)
            _copies.Add(row);
        double ratio = (predicted.Length + Added) / (row.Target.Length + Added);
        string lengths = string.Create(CultureInfo.InvariantCulture, $"{predicted.Length} characters for {row.Target.Length}");
        if (ratio * lengthFactor < 1)
            _short.Add(row, lengths);
        else if (ratio > lengthFactor)
            _long.Add(row, lengths);
        var (times, phrase) = Repetition.Most(predicted);
        if (times > mostRepeats && times > Repetition.Most(row.Target).Times && times > Repetition.Most(row.Source).Times)
            _repeats.Add(row, string.Create(CultureInfo.InvariantCulture, $"“{phrase}” {times} times"));
    }

    public PredictionStatistics Statistics()
    {
        var whole = _groups.Whole();
        return new PredictionStatistics
        {
            Rows = _rows,
            Bleu = whole.Bleu,
            ChrF = whole.ChrF,
            ExactMatch = whole.ExactMatch,
            LengthRatio = (double)_predicted / _wanted,
            ScoreCorrelation = _scores.Value,
            ByLength = _groups.ByLength(),
            WorstRows = [.. _worst.InOrder().Select(item =>
                ExampleRow.Of(item.Row, string.Create(CultureInfo.InvariantCulture, $"chrF {item.Key:F1}")))],
        };
    }

    public IEnumerable<DataFinding?> Findings(PredictionStatistics statistics)
    {
        yield return _empty.Finding(FindingKind.EmptyPrediction, FindingSeverity.Warning, _rows,
            "Predictions without text.",
            "The source was empty or over-long (OverflowPolicy.Drop), or the search found the end too soon: set DecodingOptions.MinLength, or train longer.");
        yield return _copies.Finding(FindingKind.CopiedPrediction, FindingSeverity.Warning, _rows,
            "Predictions that are the source, where the label isn't.",
            "Look for copied rows in the training data; a model trained too briefly does it, too.");
        yield return _repeats.Finding(FindingKind.Repetition, FindingSeverity.Warning, _rows,
            $"Predictions with the same phrase more than {mostRepeats} times in a row, where source and label have it less often.",
            "Train longer or on more data; DecodingOptions.NoRepeatNgramSize or RepetitionPenalty stops it from showing.");
        yield return _short.Finding(FindingKind.UnderTranslation, _short.SeverityFrom(0.01, _rows), _rows,
            string.Create(CultureInfo.InvariantCulture, $"Predictions of less than 1/{lengthFactor:0.##} of the label's length."),
            "Raise DecodingOptions.LengthPenalty or CoveragePenalty; look for cut or badly matched training rows.");
        yield return _long.Finding(FindingKind.OverTranslation, _long.SeverityFrom(0.01, _rows), _rows,
            string.Create(CultureInfo.InvariantCulture, $"Predictions of more than {lengthFactor:0.##} times the label's length."),
            "Lower DecodingOptions.LengthPenalty or MaxLengthRatio; repetition is a frequent cause.");

        var groups = statistics.ByLength;
        if (groups.Count > 1 && _rows >= FewestRows && groups[^1].ChrF < 0.75 * statistics.ChrF)
        {
            var last = groups[^1];
            yield return new DataFinding
            {
                Kind = FindingKind.WorseWhenLong,
                Severity = FindingSeverity.Warning,
                Count = last.Rows,
                Share = (double)last.Rows / _rows,
                Summary = string.Create(CultureInfo.InvariantCulture,
                    $"Sources of {last.From} characters and more: chrF is {last.ChrF:F1}, and {statistics.ChrF:F1} over all."),
                Advice = "Train on more long rows, see whether SubwordOptions.MaximumTokens cuts them, or split long texts before prediction.",
            };
        }
        if (_scores.Count >= FewestRows && !(statistics.ScoreCorrelation >= LeastCorrelation) && statistics.ExactMatch < 1)
        {
            yield return new DataFinding
            {
                Kind = FindingKind.UninformativeScore,
                Severity = FindingSeverity.Note,
                Count = _scores.Count,
                Share = (double)_scores.Count / _rows,
                Summary = string.Create(CultureInfo.InvariantCulture,
                    $"The correlation of Score with chrF is {statistics.ScoreCorrelation:F2}: it hardly tells good predictions from bad ones."),
                Advice = "Don't filter predictions by Score; label smoothing and too brief a training both blur it.",
            };
        }
    }
}
