using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Inference;

/// <summary>Text in, text out. Immutable, and safe to call from any number of threads.</summary>
internal sealed class TextGenerator(SharedModel weights, TextCodec codec, Device device)
{
    /// <summary>Prefixes that are worth a thread of their own: fewer are hardly cheaper than twice as many.</summary>
    public const int LeastShare = 8;

    /// <summary>Source tokens from which several threads read a single batch sooner than one; writing, a token at a time,
    /// gains nothing from them.</summary>
    private const int LargeBatch = 1024;

    public SharedModel Weights => weights;

    public TextCodec Codec => codec;

    public Device Device => device;

    /// <summary>What the model writes for each request, in the same order.</summary>
    /// <param name="requests">The rows.</param>
    /// <param name="plan">How to decode.</param>
    /// <param name="settled">Told, after each step, of the tokens that a row's best output is sure to begin with.</param>
    /// <param name="decoded">Told of rows that are done, one batch after the other.</param>
    /// <param name="workers">Batches decoded at a time, each on a thread of its own. Null: as many as libtorch has threads
    /// for the caller. The callbacks come from those threads.</param>
    /// <param name="cancellation">Checked between steps.</param>
    public Generation[] Generate(
        IReadOnlyList<GenerationRequest> requests, DecodingPlan plan, Action<int, int[]>? settled = null,
        Action<int>? decoded = null, int? workers = null, CancellationToken cancellation = default)
    {
        var options = plan.Options;
        using var lease = weights.Lease();
        var predictor = lease.Model.Predictor(options.Precision);
        var generations = new Generation[requests.Count];
        var encoded = new List<EncodedRow>(requests.Count);
        for (int row = 0; row < requests.Count; row++)
        {
            int[] ids = codec.EncodeSource(requests[row]);
            if (ids.Length == 0)
                generations[row] = Generation.Empty;
            else
                encoded.Add(new EncodedRow(row, ids));
        }
        decoded?.Invoke(requests.Count - encoded.Count);
        // Longest first: a batch too large for the memory shows at once, and the last batches to be dealt out are short.
        encoded.Sort((a, b) => (b.Ids.Length, a.Row).CompareTo((a.Ids.Length, b.Row)));
        int threads = workers ?? SideBySide.Threads(device);
        var batches = Cut(encoded, options, threads);
        Spread(batches, threads, predictor is PackedTransformer, (batch, stop) =>
        {
            var constraints = Constraints(plan, [.. batch.Select(row => requests[row.Row].Prefix)]);
            var hypotheses = Decode(predictor, [.. batch.Select(row => row.Ids)], options, constraints,
                settled is null ? null : (i, tokens) => settled(batch[i].Row, tokens), batches.Count == 1 ? threads : 1, stop);
            for (int i = 0; i < batch.Count; i++)
                generations[batch[i].Row] = ToGeneration(batch[i].Ids, hypotheses[i], constraints.AllowedTargets?[i], plan.Calibration);
            decoded?.Invoke(batch.Count);
        }, cancellation);
        return generations;
    }

    /// <summary>Batches within the budget. Rows of like length are dealt out in turn to as many batches as there are workers,
    /// so that these weigh the same.</summary>
    private static List<List<EncodedRow>> Cut(List<EncodedRow> rows, DecodingOptions options, int workers)
    {
        int beam = options.EffectiveBeam;
        var batches = new List<List<EncodedRow>>();
        for (int start = 0; start < rows.Count;)
        {
            int most = Math.Max(1, options.BatchTokens / ((rows[start].Ids.Length + 1) * beam)); // rows of one batch
            int count = (int)Math.Min((long)most * workers, rows.Count - start);
            int shares = Math.Max((count + most - 1) / most, Math.Clamp(count * beam / LeastShare, 1, Math.Min(workers, count)));
            for (int share = 0; share < shares; share++)
                batches.Add([.. rows.Skip(start).Take(count).Where((_, i) => i % shares == share)]);
            start += count;
        }
        return batches;
    }

    /// <summary>Deals the batches out to workers. A single large one stays on the caller's thread, to use all of libtorch's
    /// threads there; those only hinder a small one. Where libtorch has no part, no thread is needed to do without
    /// them.</summary>
    private static void Spread(
        List<List<EncodedRow>> batches, int workers, bool isPacked, Action<List<EncodedRow>, CancellationToken> decode,
        CancellationToken cancellation)
    {
        bool isAlone = batches.Count == 1 && (isPacked || batches[0].Sum(row => row.Ids.Length) >= LargeBatch);
        SideBySide.ForEach("Decoding", batches, isAlone ? 1 : workers, decode, cancellation);
    }

    private SearchConstraints Constraints(DecodingPlan plan, string?[] prefixes) => new()
    {
        BannedPhrases = plan.BannedPhrases,
        AllowedTargets = plan.AllowedTargets?.Beginning(prefixes),
        Prefixes = plan.AllowedTargets is null && !Array.TrueForAll(prefixes, string.IsNullOrEmpty)
            ? Array.ConvertAll(prefixes, prefix => codec.Target.Encode(prefix ?? ""))
            : null,
    };

    private IReadOnlyList<Hypothesis>[] Decode(
        IStepModel model, int[][] sources, DecodingOptions options, SearchConstraints constraints,
        Action<int, int[]>? settled, int threads, CancellationToken cancellation)
    {
        using var inference = torch.inference_mode();
        using var scope = NewDisposeScope();
        using var batch = SourceBatch.Create(sources, device);
        return Search.Run(model, batch, options, cancellation, constraints, settled, threads);
    }

    private Generation ToGeneration(
        int[] source, IReadOnlyList<Hypothesis> hypotheses, TokenTrie? allowed, ConfidenceCalibration? calibration)
    {
        string[] sourceTokens = hypotheses[0].Attention is null ? [] : [.. source.Select(codec.Source.Token)];
        Generation[] all = [.. hypotheses.Select(hypothesis => new Generation
        {
            // As the caller wrote it: a vocabulary may know no capitals.
            Text = allowed?.Text(hypothesis.Tokens) ?? codec.Target.Decode(hypothesis.Tokens),
            Score = (float)hypothesis.Score,
            Confidence = (float)(calibration?.Of(hypothesis.LogProbability, hypothesis.TokenScores.Length) ?? double.NaN),
            Tokens = [.. hypothesis.Tokens.Select(codec.Target.Token)],
            TokenIds = hypothesis.Tokens,
            TokenScores = hypothesis.TokenScores,
            SourceTokens = sourceTokens,
            // Without the row and the column of the end tokens, which are no text.
            Alignment = [.. (hypothesis.Attention ?? []).Take(hypothesis.Tokens.Length).Select(shares => shares[..^1])],
        })];
        return all[0] with { Hypotheses = all };
    }

    private readonly record struct EncodedRow(int Row, int[] Ids);
}
