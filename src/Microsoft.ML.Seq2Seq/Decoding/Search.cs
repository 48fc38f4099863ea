using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>
/// Greedy search, beam search and sampling for a batch of sources. The model sees all live prefixes as one batch; sources that are
/// done leave it.
/// </summary>
internal static class Search
{
    /// <summary>Logits in a batch from which rows are worth sharing out: 5 µs of work.</summary>
    private const long SharedFrom = 1 << 14;

    /// <summary>The hypotheses of each source, best first.</summary>
    /// <param name="model">Any encoder-decoder.</param>
    /// <param name="source">The sources.</param>
    /// <param name="options">Validated.</param>
    /// <param name="cancellation">Checked before every step.</param>
    /// <param name="constraints">The options' texts as token ids; null: there are none.</param>
    /// <param name="settled">Called after a step for each source of which more is sure, with its row and all tokens that
    /// its best output is sure to begin with: at last those of the output.</param>
    /// <param name="threads">For work of a step that can be shared out.</param>
    public static IReadOnlyList<Hypothesis>[] Run(
        IStepModel model, SourceBatch source, DecodingOptions options, CancellationToken cancellation = default,
        SearchConstraints? constraints = null, Action<int, int[]>? settled = null, int threads = 1)
    {
        constraints ??= SearchConstraints.None;
        constraints.Check(options, source.Rows);
        var all = Sentences(source, options, constraints);
        using var noGrad = torch.no_grad();
        var told = new int[all.Length]; // tokens of each source that were called settled
        var inBatch = all; // the sources that the model's rows belong to
        int width = 1; // rows for each of them; only 1 before the first step
        using var team = new Team(threads);
        var state = model.Start(source, team);
        state.Noted = options.OutputAlignment || options.CoveragePenalty > 0
            ? new NotedAttention(options.AlignmentLayer, options.AlignmentHead)
            : null;
        try
        {
            while (!Array.TrueForAll(inBatch, search => search.IsDone))
            {
                cancellation.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                (var output, state) = model.Step(state, LastTokens(inBatch, width));
                var proposals = Propose(output, inBatch, width, team);
                for (int i = 0; i < inBatch.Length; i++)
                    if (!inBatch[i].IsDone)
                        inBatch[i].Advance(proposals.AsSpan(i * width, inBatch[i].Alive.Count));
                if (settled is not null)
                    Report(all, told, settled);
                if (Array.Exists(inBatch, search => !search.IsDone))
                    state = Keep(model, state, ref inBatch, ref width);
            }
            return [.. all.Select(search => search.Best())];
        }
        finally
        {
            state.Dispose();
        }
    }

    private static SentenceSearch[] Sentences(SourceBatch source, DecodingOptions options, SearchConstraints constraints)
    {
        using var onCpu = source.Source.cpu();
        long[] ids = options.Strategy == DecodingStrategy.Sampling ? onCpu.data<long>().ToArray() : [];
        int stride = (int)source.Source.shape[1];
        return [.. source.SourceLengths.Select((length, row) => Sentence(row, length))];

        SentenceSearch Sentence(int row, int length)
        {
            var rules = new TokenRules(options, constraints, row, length);
            return options.Strategy == DecodingStrategy.Sampling
                ? new SentenceSamples(options, rules, ids.AsSpan(row * stride, length))
                : new SentenceBeam(options, rules);
        }
    }

    /// <summary>(B · width) the last token of every prefix.</summary>
    private static int[] LastTokens(SentenceSearch[] inBatch, int width)
    {
        var tokens = new int[inBatch.Length * width]; // rows that nobody looks at read padding
        for (int i = 0; i < inBatch.Length; i++)
            for (int k = 0; k < width && k < inBatch[i].Alive.Count; k++)
                tokens[i * width + k] = inBatch[i].Alive[k].Token;
        return tokens;
    }

    /// <summary>For each row that is alive what may come next.</summary>
    private static Proposal[] Propose(StepOutput output, SentenceSearch[] inBatch, int width, Team team)
    {
        var proposals = new Proposal[output.Rows];
        ((long)output.Rows * output.Vocabulary >= SharedFrom ? team : Team.Alone).Share(output.Rows, row =>
        {
            var search = inBatch[row / width];
            if (search.IsDone || row % width >= search.Alive.Count)
                return;
            proposals[row] = new Proposal(Choose(search, row % width, output, row),
                output.HasAttention ? output.Attention(row, search.SourceLength).ToArray() : null);
        });
        return proposals;
    }

    private static Candidate[] Choose(SentenceSearch search, int prefix, StepOutput output, int row)
    {
        var logits = output.Logits(row);
        if (output.HasSummary)
            return search.Propose(prefix, new NextTokens(logits, output.Maxima(row), output.Sums(row)));
        int blocks = LogitBlock.Count(logits.Length);
        return search.Propose(prefix, new NextTokens(logits, blocks <= VocabularyRow.MostOnStack ? stackalloc float[blocks] : new float[blocks]));
    }

    private static void Report(SentenceSearch[] all, int[] told, Action<int, int[]> settled)
    {
        for (int row = 0; row < all.Length; row++)
        {
            int[] tokens = all[row].Settled();
            if (tokens.Length <= told[row])
                continue;
            told[row] = tokens.Length;
            settled(row, tokens);
        }
    }

    /// <summary>Drops finished sources and puts the model's rows in the order of the live prefixes.</summary>
    private static DecoderState Keep(
        IStepModel model, DecoderState state, ref SentenceSearch[] inBatch, ref int width)
    {
        // Dropping a source copies the state of all others: worth it once an eighth of the work is for nothing.
        int done = inBatch.Count(search => search.IsDone);
        bool drop = 8 * done >= inBatch.Length && done > 0;
        int oldWidth = width, newWidth = inBatch.Where(search => !search.IsDone).Max(search => search.Alive.Count);
        var rows = new List<int>(inBatch.Length * newWidth);
        var sources = new List<int>(inBatch.Length);
        for (int i = 0; i < inBatch.Length; i++)
        {
            var search = inBatch[i];
            if (drop && search.IsDone)
                continue;
            sources.Add(i);
            for (int k = 0; k < newWidth; k++)
                // Rows that nobody looks at stay where they are, so that they alone never move the others.
                rows.Add(i * oldWidth + (!search.IsDone && k < search.Parents.Count ? search.Parents[k] : Math.Min(k, oldWidth - 1)));
        }
        bool sameRows = !drop && newWidth == oldWidth && !rows.Where((row, i) => row != i).Any();
        if (drop)
            inBatch = [.. inBatch.Where(search => !search.IsDone)];
        width = newWidth;
        if (sameRows)
            return state;
        return model.Reorder(state, [.. rows], drop ? [.. sources] : null);
    }
}
