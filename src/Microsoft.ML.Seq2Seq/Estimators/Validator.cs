using Microsoft.ML.Seq2Seq.Evaluation;
using Microsoft.ML.Seq2Seq.Inference;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Writes validation rows with a model in training, by greedy search: cheap, and a fair judge of progress.</summary>
internal sealed class Validator
{
    private const int SampleRows = 3;
    private const int RowsTogether = 512; // cancelling is heard after so many

    private readonly TextGenerator _generator;
    private readonly IReadOnlyList<(string Source, string Target)> _rows;
    private readonly DecodingPlan _greedy;
    private readonly Func<bool>? _isCanceled;

    /// <param name="generator">The model.</param>
    /// <param name="rows">The validation rows.</param>
    /// <param name="options">Their limits hold.</param>
    /// <param name="isCanceled">Asked while rows are scored; null: they all are.</param>
    public Validator(
        TextGenerator generator, IReadOnlyList<(string Source, string Target)> rows, DecodingOptions options, Func<bool>? isCanceled = null)
    {
        _generator = generator;
        _isCanceled = isCanceled;
        _rows = rows;
        _greedy = generator.Codec.Plan(new DecodingOptions
        {
            Strategy = DecodingStrategy.Greedy,
            MaxLength = options.MaxLength,
            MaxLengthRatio = options.MaxLengthRatio,
            BatchTokens = options.BatchTokens,
        });
    }

    /// <summary>A few rows to look at.</summary>
    public IReadOnlyList<SamplePrediction> Samples()
    {
        var rows = _rows.Take(SampleRows).ToArray();
        return [.. rows.Zip(Predict(rows), (row, text) => new SamplePrediction(row.Source, row.Target, text))];
    }

    /// <summary>Scores the model over all rows, higher is better; null where the loss decides or there are no rows. Its result is null
    /// where it was canceled.</summary>
    public Func<double?>? Scorer(ValidationMetric metric)
    {
        EvaluationMetric? evaluation = metric switch
        {
            ValidationMetric.Bleu => EvaluationMetric.Bleu,
            ValidationMetric.ChrF => EvaluationMetric.ChrF,
            ValidationMetric.ExactMatch => EvaluationMetric.ExactMatch,
            _ => null,
        };
        return evaluation is { } chosen && _rows.Count > 0 ? () => Score(CorpusMetric.Create(chosen, new EvaluationOptions())) : null;
    }

    private double? Score(CorpusMetric metric)
    {
        double[] sum = new double[metric.Width], row = new double[metric.Width];
        foreach (var rows in _rows.Chunk(RowsTogether))
        {
            if (_isCanceled?.Invoke() == true)
                return null;
            foreach (var (text, target) in Predict(rows).Zip(rows, (text, pair) => (text, pair.Target)))
            {
                metric.Measure(text, [target], row);
                for (int i = 0; i < sum.Length; i++)
                    sum[i] += row[i];
            }
        }
        return metric.Score(sum);
    }

    private IEnumerable<string> Predict(IReadOnlyList<(string Source, string Target)> rows) =>
        _generator.Generate([.. rows.Select(row => new GenerationRequest(row.Source))], _greedy).Select(generation => generation.Text);
}
