using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Evaluation;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Pipeline;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Feeds the metrics with what a model makes of the references, a window of rows at a time.</summary>
internal sealed class ReferenceScores(Seq2SeqTransformer model)
{
    private const int Window = 1024;

    private readonly List<(GenerationRequest Source, string Target)> _pairs = new(Window);

    /// <summary>The column that the model reads.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or of another type.</exception>
    public DataViewSchema.Column Source(IExceptionContext context, DataViewSchema schema) =>
        SourceColumn.Find(context, schema, model.Configuration.Columns.Source, new SubwordKeys(model.Generator.Codec.Source));

    public void Add(GenerationRequest source, string target, MetricAccumulator metrics)
    {
        _pairs.Add((source, target));
        if (_pairs.Count == Window)
            Flush(metrics);
    }

    /// <summary>After the last row.</summary>
    public void Flush(MetricAccumulator metrics)
    {
        foreach (var score in PairScorer.Score(model.Generator, _pairs, model.Configuration.Decoding.Precision).Where(score => score.Tokens > 0))
            metrics.AddModelScore(score.LogProbability, score.Tokens, score.Correct);
        _pairs.Clear();
    }
}
