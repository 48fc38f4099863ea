using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>The search for one source's outputs, without any tensors.</summary>
internal abstract class SentenceSearch
{
    private readonly DecodingOptions _options;
    private readonly TokenRules _rules;

    protected SentenceSearch(DecodingOptions options, TokenRules rules)
    {
        _options = options;
        _rules = rules;
        if (rules.AllowNothing)
        {
            Finished.Add(Hypothesis.Impossible);
            Alive = [];
            IsDone = true;
        }
    }

    /// <summary>Prefixes to extend, best first.</summary>
    public IReadOnlyList<Prefix> Alive { get; private set; } = [Prefix.Root(SpecialTokens.Begin)];

    /// <summary>For each prefix of <see cref="Alive"/>, its row among the prefixes before the last step.</summary>
    public IReadOnlyList<int> Parents { get; private set; } = [];

    public bool IsDone { get; private set; }

    /// <summary>Tokens of the source, the end token included.</summary>
    public int SourceLength => _rules.SourceLength;

    /// <summary>Outputs that have ended and may be given back, in the order in which they did.</summary>
    protected List<Hypothesis> Finished { get; } = [];

    /// <summary>Most tokens, the end token not counted.</summary>
    protected int Limit => _rules.Limit;

    /// <summary>Hypotheses, best first.</summary>
    public IReadOnlyList<Hypothesis> Best() =>
        [.. Finished.OrderByDescending(hypothesis => hypothesis.Score).Take(_options.NumberOfHypotheses)];

    /// <summary>What the best output is sure to begin with: all of it once the search is done, before that what all
    /// that can still win have in common. Nothing of it is taken back later.</summary>
    public int[] Settled()
    {
        int[]? settled = Finished.Count == 0 ? null : Finished.MaxBy(hypothesis => hypothesis.Score)!.Tokens;
        if (!IsDone)
        {
            foreach (var prefix in Alive)
            {
                int[] tokens = prefix.Tokens();
                settled = settled is null ? tokens : settled[..settled.AsSpan().CommonPrefixLength(tokens)];
            }
        }
        return settled ?? [];
    }

    /// <summary>The tokens worth considering after one of the prefixes, best first. May run for several prefixes at
    /// once.</summary>
    public Candidate[] Propose(int row, NextTokens next)
    {
        if (_rules.Forced(Alive[row]) is { } token)
            return [next.Candidate(token)];
        _rules.Apply(Alive[row], ref next);
        return Choose(row, next);
    }

    /// <summary>Extends every prefix by one token.</summary>
    /// <param name="proposals">What <see cref="Propose"/> gave for each prefix, and how it attends to the source.</param>
    public void Advance(ReadOnlySpan<Proposal> proposals)
    {
        var next = Extend(proposals);
        Alive = [.. next.Select(entry => entry.Prefix)];
        Parents = [.. next.Select(entry => entry.Row)];
        IsDone = Alive.Count == 0;
    }

    /// <summary>Candidates after a prefix, from what the rules have left.</summary>
    protected abstract Candidate[] Choose(int row, NextTokens next);

    /// <summary>Finishes what ends and gives the prefixes that go on, with the rows that they come from; none when
    /// the search may stop.</summary>
    protected abstract List<(Prefix Prefix, int Row)> Extend(ReadOnlySpan<Proposal> proposals);
}
