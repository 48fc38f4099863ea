using Microsoft.ML.Seq2Seq.Inference;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Measures the model of a trial by what means the same for every vocabulary.</summary>
internal static class TrialScore
{
    /// <summary>Enough to rank by, and quick to decode.</summary>
    private const int MostRows = 1000;

    /// <param name="model">To be measured.</param>
    /// <param name="validation">Rows that it was not trained on; the first thousand count.</param>
    /// <param name="metric">By what.</param>
    public static double Of(Seq2SeqTransformer model, IReadOnlyList<(string Source, string Target)> validation, TuningMetric metric)
    {
        (string Source, string Target)[] rows = [.. validation.Take(MostRows)];
        return metric switch
        {
            TuningMetric.Bleu => Greedy(ValidationMetric.Bleu),
            TuningMetric.ChrF => Greedy(ValidationMetric.ChrF),
            TuningMetric.ExactMatch => Greedy(ValidationMetric.ExactMatch),
            _ => CharacterLoss(model, rows),
        };

        double Greedy(ValidationMetric greedy) => new Validator(model.Generator, rows, model.Decoding).Scorer(greedy)!()!.Value;
    }

    private static double CharacterLoss(Seq2SeqTransformer model, (string Source, string Target)[] rows)
    {
        double sum = 0;
        long characters = 0;
        var scores = PairScorer.Score(model.Generator, rows.Select(row => (new GenerationRequest(row.Source), row.Target)), model.Decoding.Precision);
        foreach (var (score, row) in scores.Zip(rows).Where(pair => pair.First.Tokens > 0))
        {
            sum -= score.LogProbability;
            characters += row.Target.EnumerateRunes().Count() + 1; // and the end
        }
        return sum / characters;
    }
}
