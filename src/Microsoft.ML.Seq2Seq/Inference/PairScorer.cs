using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>What a model makes of a given target.</summary>
/// <param name="LogProbability">log P(target | source), natural logarithm, the end token included; NaN where there is no
/// source to read.</param>
/// <param name="Tokens">Tokens of the target, the end included; 0 where there is no source to read.</param>
/// <param name="Correct">How many of them the model ranks first after those before.</param>
internal readonly record struct TargetScore(double LogProbability, int Tokens, int Correct);

/// <summary>How probable a model finds given targets.</summary>
internal static class PairScorer
{
    private const int TokensPerBatch = 4096;
    private const long ChunkRows = 256;

    /// <summary>Scores targets, in their order. A source that is empty or over-long and not to be cut gives NaN; targets are
    /// never cut.</summary>
    public static TargetScore[] Score(TextGenerator generator, IEnumerable<(GenerationRequest Source, string Target)> pairs)
    {
        using var lease = generator.Weights.Lease();
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
        foreach (int[] batchRows in new BatchPlanner(encoded, TokensPerBatch).InOrder())
        {
            var batchScores = ScoreBatch(lease.Model, encoded, batchRows, generator.Device);
            for (int i = 0; i < batchRows.Length; i++)
                scores[rows[batchRows[i]]] = batchScores[i];
        }
        return scores;
    }

    private static TargetScore[] ScoreBatch(SequenceModel model, EncodedPairs pairs, int[] rows, Device device)
    {
        using var inference = torch.inference_mode();
        using var scope = NewDisposeScope();
        using var batch = Batch.Create(pairs, rows, device);
        var decoded = model.Forward(batch, training: null).view(-1, model.Width).index_select(0, batch.TargetPositions); // (N, D)
        var targets = batch.TargetOutput.view(-1).index_select(0, batch.TargetPositions).unsqueeze(1); // (N, 1)
        var logProbabilities = new List<float>();
        var isFirst = new List<bool>();
        for (long start = 0; start < decoded.shape[0]; start += ChunkRows)
        {
            using var chunkScope = NewDisposeScope();
            long length = Math.Min(ChunkRows, decoded.shape[0] - start);
            var target = targets.narrow(0, start, length);
            var all = nn.functional.log_softmax(model.Logits(decoded.narrow(0, start, length)), 1); // (n, V)
            logProbabilities.AddRange(all.gather(1, target).cpu().data<float>());
            isFirst.AddRange(all.argmax(1, keepdim: true).eq(target).cpu().data<bool>());
        }
        var scores = new TargetScore[rows.Length];
        int next = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            int tokens = batch.TargetLengths[row];
            double sum = 0;
            int correct = 0;
            for (int end = next + tokens; next < end; next++)
            {
                sum += logProbabilities[next];
                correct += isFirst[next] ? 1 : 0;
            }
            scores[row] = new TargetScore(sum, tokens, correct);
        }
        return scores;
    }
}
