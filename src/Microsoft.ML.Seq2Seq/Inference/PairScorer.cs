using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>How probable a model finds given targets.</summary>
internal static class PairScorer
{
    private const int TokensPerBatch = 4096;
    private const long ChunkRows = 256;

    /// <summary>log P(target | source) of each pair, natural logarithm, the end token included; NaN where the source is
    /// empty or over-long and not to be cut. Targets are never cut.</summary>
    public static float[] Score(TextGenerator generator, IEnumerable<(string Source, string Target)> pairs)
    {
        using var lease = generator.Weights.Lease();
        var encoded = new EncodedPairs();
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
        var scores = new float[count];
        Array.Fill(scores, float.NaN);
        foreach (int[] batchRows in new BatchPlanner(encoded, TokensPerBatch).InOrder())
        {
            float[] batchScores = ScoreBatch(lease.Model, encoded, batchRows, generator.Device);
            for (int i = 0; i < batchRows.Length; i++)
                scores[rows[batchRows[i]]] = batchScores[i];
        }
        return scores;
    }

    private static float[] ScoreBatch(SequenceModel model, EncodedPairs pairs, int[] rows, Device device)
    {
        using var inference = torch.inference_mode();
        using var scope = NewDisposeScope();
        using var batch = Batch.Create(pairs, rows, device);
        var decoded = model.Forward(batch, training: null).view(-1, model.Width).index_select(0, batch.TargetPositions); // (N, D)
        var targets = batch.TargetOutput.view(-1).index_select(0, batch.TargetPositions).unsqueeze(1); // (N, 1)
        var tokenScores = new List<float>();
        for (long start = 0; start < decoded.shape[0]; start += ChunkRows)
        {
            using var chunkScope = NewDisposeScope();
            long length = Math.Min(ChunkRows, decoded.shape[0] - start);
            var logProbabilities = nn.functional.log_softmax(model.Logits(decoded.narrow(0, start, length)), 1); // (n, V)
            tokenScores.AddRange(logProbabilities.gather(1, targets.narrow(0, start, length)).cpu().data<float>());
        }
        var scores = new float[rows.Length];
        int next = 0;
        for (int row = 0; row < rows.Length; row++)
            for (int t = 0; t < batch.TargetLengths[row]; t++)
                scores[row] += tokenScores[next++];
        return scores;
    }
}
