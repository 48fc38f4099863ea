using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>
/// Greedy and beam search for a batch of sources. The model sees all live prefixes as one batch; sources that are
/// done leave it.
/// </summary>
internal static class Search
{
    /// <summary>The hypotheses of each source, best first.</summary>
    /// <param name="model">Any encoder-decoder.</param>
    /// <param name="source">The sources.</param>
    /// <param name="options">Validated.</param>
    /// <param name="cancellation">Checked before every step.</param>
    public static IReadOnlyList<Hypothesis>[] Run(
        SequenceModel model, SourceBatch source, DecodingOptions options, CancellationToken cancellation = default)
    {
        var results = new IReadOnlyList<Hypothesis>[source.Rows];
        // The end token of a source is not text, so it does not count for the length limit.
        List<SentenceBeam> beams = [.. Enumerable.Range(0, source.Rows).Select(row =>
            new SentenceBeam(row, source.SourceLengths[row] - 1, SpecialTokens.Begin, SpecialTokens.End, options))];
        int width = 1; // rows of the model for each source; only 1 before the first step
        DecoderState? state = model.Start(source);
        try
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                (var logits, state) = model.Step(state, LastTokens(beams, width, source.Source.device));
                var candidates = Candidates(logits, options.EffectiveBeam + 1); // one for each row of the model
                for (int i = 0; i < beams.Count; i++)
                    beams[i].Advance(new ArraySegment<Candidate[]>(candidates, i * width, beams[i].Alive.Count));

                foreach (var beam in beams.Where(beam => beam.IsDone))
                    results[beam.Source] = beam.Best();
                if (beams.TrueForAll(beam => beam.IsDone))
                    return results;
                state = Keep(model, state, ref beams, ref width, source.Source.device);
            }
        }
        finally
        {
            state?.Dispose();
        }
    }

    /// <summary>(B · width) the last token of every prefix, int64.</summary>
    private static Tensor LastTokens(List<SentenceBeam> beams, int width, Device device)
    {
        var tokens = new long[beams.Count * width];
        for (int i = 0; i < beams.Count; i++)
            for (int k = 0; k < width; k++)
                // A source with fewer prefixes than the others repeats its first: those rows are never looked at.
                tokens[i * width + k] = beams[i].Alive[k < beams[i].Alive.Count ? k : 0].Token;
        return torch.tensor(tokens, device: device);
    }

    /// <summary>(R, V) → for each row its most probable tokens, best first, with their log-probabilities.</summary>
    private static Candidate[][] Candidates(Tensor logits, int count)
    {
        var float32 = logits.to(ScalarType.Float32);
        var logNormalizer = float32.logsumexp(1).cpu().data<float>().ToArray(); // (R)
        // These two are never text. They keep their share of the probability, as in training.
        float32[TensorIndex.Colon, SpecialTokens.Pad] = float.NegativeInfinity;
        float32[TensorIndex.Colon, SpecialTokens.Begin] = float.NegativeInfinity;
        int k = (int)Math.Min(count, float32.shape[1]);
        var (values, indices) = float32.topk(k, 1);
        var scores = values.cpu().data<float>().ToArray(); // (R, k)
        var tokens = indices.cpu().data<long>().ToArray(); // (R, k)
        var candidates = new Candidate[logNormalizer.Length][];
        for (int row = 0; row < candidates.Length; row++)
        {
            candidates[row] = new Candidate[k];
            for (int i = 0; i < k; i++)
                candidates[row][i] = new((int)tokens[row * k + i], scores[row * k + i] - logNormalizer[row]);
        }
        return candidates;
    }

    /// <summary>Drops finished sources and puts the model's rows in the order of the live prefixes.</summary>
    private static DecoderState Keep(
        SequenceModel model, DecoderState state, ref List<SentenceBeam> beams, ref int width, Device device)
    {
        int oldWidth = width, newWidth = beams.Where(beam => !beam.IsDone).Max(beam => beam.Alive.Count);
        var rows = new List<long>();
        var sources = new List<long>();
        for (int i = 0; i < beams.Count; i++)
        {
            if (beams[i].IsDone)
                continue;
            sources.Add(i);
            for (int k = 0; k < newWidth; k++)
                rows.Add(i * oldWidth + beams[i].Parents[k < beams[i].Parents.Length ? k : 0]);
        }
        bool allSources = sources.Count == beams.Count;
        bool sameRows = allSources && newWidth == oldWidth && rows.Select((row, i) => row == i).All(same => same);
        beams = [.. beams.Where(beam => !beam.IsDone)];
        width = newWidth;
        if (sameRows)
            return state;
        var hypotheses = torch.tensor(rows.ToArray(), device: device);
        return model.Reorder(state, hypotheses, allSources ? null : torch.tensor(sources.ToArray(), device: device));
    }
}
