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

    /// <summary>What the model writes for each request, in the same order.</summary>
    /// <param name="requests">The rows.</param>
    /// <param name="options">Validated.</param>
    /// <param name="settled">Told, after each step, of the tokens that a row's best output is sure to begin with.</param>
    /// <param name="cancellation">Checked between steps.</param>
    public Generation[] Generate(
        IReadOnlyList<GenerationRequest> requests, DecodingOptions options, Action<int, int[]>? settled = null,
        CancellationToken cancellation = default)
    {
        using var lease = weights.Lease();
        var generations = new Generation[requests.Count];
        var encoded = new List<(int Row, int[] Ids)>(requests.Count);
        for (int row = 0; row < requests.Count; row++)
        {
            int[] ids = codec.EncodeSource(requests[row]);
            if (ids.Length == 0)
                generations[row] = Generation.Empty;
            else
                encoded.Add((row, ids));
        }
        // Longest first: a batch too large for the memory shows at once.
        encoded.Sort((a, b) => (b.Ids.Length, a.Row).CompareTo((a.Ids.Length, b.Row)));
        var constraints = codec.Encode(options);
        for (int start = 0; start < encoded.Count;)
        {
            int width = (encoded[start].Ids.Length + 1) * options.EffectiveBeam;
            int rows = Math.Clamp(options.BatchTokens / width, 1, encoded.Count - start);
            var batch = encoded.GetRange(start, rows);
            var prefixed = constraints with { Prefixes = Prefixes(batch.Select(entry => requests[entry.Row].Prefix)) };
            var hypotheses = Decode(lease.Model, [.. batch.Select(entry => entry.Ids)], options, prefixed,
                settled is null ? null : (i, tokens) => settled(batch[i].Row, tokens), cancellation);
            for (int i = 0; i < rows; i++)
                generations[batch[i].Row] = ToGeneration(batch[i].Ids, hypotheses[i]);
            start += rows;
        }
        return generations;
    }

    private int[][]? Prefixes(IEnumerable<string?> prefixes)
    {
        int[][] encoded = [.. prefixes.Select(prefix => string.IsNullOrEmpty(prefix) ? [] : codec.Target.Encode(prefix))];
        return encoded.Any(prefix => prefix.Length > 0) ? encoded : null;
    }

    private IReadOnlyList<Hypothesis>[] Decode(
        SequenceModel model, int[][] sources, DecodingOptions options, SearchConstraints constraints,
        Action<int, int[]>? settled, CancellationToken cancellation)
    {
        using var inference = torch.inference_mode();
        using var scope = NewDisposeScope();
        using var batch = SourceBatch.Create(sources, device);
        return Search.Run(model, batch, options, cancellation, constraints, settled);
    }

    private Generation ToGeneration(int[] source, IReadOnlyList<Hypothesis> hypotheses)
    {
        string[] sourceTokens = hypotheses[0].Attention is null ? [] : [.. source.Select(codec.Source.Token)];
        Generation[] all = [.. hypotheses.Select(hypothesis => new Generation
        {
            Text = codec.Target.Decode(hypothesis.Tokens),
            Score = (float)hypothesis.Score,
            Tokens = [.. hypothesis.Tokens.Select(codec.Target.Token)],
            TokenIds = hypothesis.Tokens,
            TokenScores = hypothesis.TokenScores,
            SourceTokens = sourceTokens,
            // Without the row and the column of the end tokens, which are no text.
            Alignment = [.. (hypothesis.Attention ?? []).Take(hypothesis.Tokens.Length).Select(shares => shares[..^1])],
        })];
        return all[0] with { Hypotheses = all };
    }
}
