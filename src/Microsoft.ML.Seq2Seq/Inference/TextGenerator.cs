using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>Text in, text out. Immutable, and safe to call from any number of threads.</summary>
internal sealed class TextGenerator(SharedModel weights, TextCodec codec, Device device)
{
    public SharedModel Weights => weights;

    public TextCodec Codec => codec;

    public Device Device => device;

    /// <summary>What the model writes for each source, in the same order.</summary>
    /// <param name="sources">Null and empty text give <see cref="Generation.Empty"/>.</param>
    /// <param name="options">Validated.</param>
    /// <param name="cancellation">Checked between steps.</param>
    public Generation[] Generate(
        IReadOnlyList<string?> sources, DecodingOptions options, CancellationToken cancellation = default)
    {
        using var lease = weights.Lease();
        var generations = new Generation[sources.Count];
        var encoded = new List<(int Row, int[] Ids)>(sources.Count);
        for (int row = 0; row < sources.Count; row++)
        {
            int[] ids = codec.EncodeSource(sources[row]);
            if (ids.Length == 0)
                generations[row] = Generation.Empty;
            else
                encoded.Add((row, ids));
        }
        // Longest first: a batch too large for the memory shows at once.
        encoded.Sort((a, b) => (b.Ids.Length, a.Row).CompareTo((a.Ids.Length, b.Row)));
        for (int start = 0; start < encoded.Count;)
        {
            int width = (encoded[start].Ids.Length + 1) * options.EffectiveBeam;
            int rows = Math.Clamp(options.BatchTokens / width, 1, encoded.Count - start);
            var batch = encoded.GetRange(start, rows);
            var hypotheses = Decode(lease.Model, [.. batch.Select(entry => entry.Ids)], options, cancellation);
            for (int i = 0; i < rows; i++)
                generations[batch[i].Row] = ToGeneration(hypotheses[i]);
            start += rows;
        }
        return generations;
    }

    private IReadOnlyList<Hypothesis>[] Decode(
        SequenceModel model, int[][] sources, DecodingOptions options, CancellationToken cancellation)
    {
        using var inference = torch.inference_mode();
        using var scope = NewDisposeScope();
        using var batch = SourceBatch.Create(sources, device);
        return Search.Run(model, batch, options, cancellation);
    }

    private Generation ToGeneration(IReadOnlyList<Hypothesis> hypotheses)
    {
        var all = hypotheses.Select(hypothesis => new Generation(
            codec.Target.Decode(hypothesis.Tokens),
            (float)hypothesis.Score,
            [.. hypothesis.Tokens.Select(codec.Target.Token)],
            hypothesis.TokenScores)).ToArray();
        return all[0].With(all);
    }
}
