using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>What a model makes of a given target.</summary>
/// <param name="LogProbability">log P(target | source), natural logarithm, the end token included; NaN where there is no
/// source to read.</param>
/// <param name="Tokens">Tokens of the target, the end included; 0 where there is no source to read.</param>
/// <param name="Correct">How many of them the model ranks first after those before.</param>
internal readonly record struct TargetScore(double LogProbability, int Tokens, int Correct);

/// <summary>How probable a model finds given targets: it is led along them by the steps that it writes with.</summary>
internal static class PairScorer
{
    private const int TokensPerBatch = 4096;

    /// <summary>Scores targets, in their order. A source that is empty or over-long and not to be cut gives NaN; targets are
    /// never cut.</summary>
    public static TargetScore[] Score(
        TextGenerator generator, IEnumerable<(GenerationRequest Source, string Target)> pairs, InferencePrecision precision)
    {
        using var lease = generator.Weights.Lease();
        var model = lease.Model.Predictor(precision);
        using var encoded = new EncodedPairs();
        var rows = new List<int>(); // pair → row of the result
        int count = 0;
        foreach (var (source, target) in pairs)
        {
            int[] ids = generator.Codec.EncodeSource(source);
            if (ids.Length > 0)
            {
                encoded.Add(ids, generator.Codec.Target.Encode(target ?? ""));
                rows.Add(count);
            }
            count++;
        }
        var scores = new TargetScore[count];
        Array.Fill(scores, new TargetScore(double.NaN, 0, 0));
        int[][] batches = [.. new BatchPlanner(encoded, TokensPerBatch).InOrder()];
        SideBySide.ForEach("Scoring", batches, SideBySide.Threads(generator.Device), (batch, _) =>
        {
            var batchScores = ScoreBatch(model, encoded, batch, generator.Device);
            for (int i = 0; i < batch.Length; i++)
                scores[rows[batch[i]]] = batchScores[i];
        });
        return scores;
    }

    private static TargetScore[] ScoreBatch(IStepModel model, EncodedPairs pairs, int[] rows, Device device)
    {
        using var inference = torch.inference_mode();
        using var scope = NewDisposeScope();
        using var source = SourceBatch.Create([.. rows.Select(row => pairs.Source(row).ToArray())], device);
        var scores = new TargetScore[rows.Length];
        int[] last = [.. rows.Select(_ => SpecialTokens.Begin)];
        int longest = rows.Max(pairs.TargetLength);
        var state = model.Start(source, Team.Alone);
        try
        {
            for (int t = 0; t <= longest; t++)
            {
                using var stepScope = NewDisposeScope();
                (var output, state) = model.Step(state, last);
                for (int i = 0; i < rows.Length; i++)
                {
                    var target = pairs.Target(rows[i]);
                    if (t > target.Length)
                        continue; // its end has been read: what follows means nothing
                    last[i] = t < target.Length ? target[t] : SpecialTokens.End;
                    var logits = output.Logits(i);
                    var (sum, _, correct) = scores[i];
                    float normalizer = output.HasSummary
                        ? VocabularyRow.LogSumExpOfBlocks(output.Maxima(i), output.Sums(i))
                        : VocabularyRow.LogSumExp(logits);
                    scores[i] = new TargetScore(sum + logits[last[i]] - normalizer, t + 1,
                        correct + (logits.IndexOf(VocabularyRow.Max(logits)) == last[i] ? 1 : 0));
                }
            }
            return scores;
        }
        finally
        {
            state.Dispose();
        }
    }
}
