using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>
/// Beam search for one source, without any tensors: takes the best next tokens of each prefix and settles which
/// prefixes live on. It always keeps a place for the prefix that greedy search would write, so that the best
/// hypothesis never scores below the greedy one.
/// </summary>
internal sealed class SentenceBeam
{
    private readonly DecodingOptions _options;
    private readonly int _beam;
    private readonly int _limit;
    private readonly List<Hypothesis> _finished = [];
    private List<Prefix> _alive = [Prefix.Root(SpecialTokens.Begin)];
    private Prefix? _greedy; // what greedy search would have written, while it has not ended

    /// <param name="sourceLength">Tokens of the source, the end token not counted.</param>
    /// <param name="options">Validated.</param>
    public SentenceBeam(int sourceLength, DecodingOptions options)
    {
        _options = options;
        _beam = options.EffectiveBeam;
        _limit = options.LengthLimit(sourceLength);
        _greedy = _alive[0];
    }

    /// <summary>Prefixes to extend, best first.</summary>
    public IReadOnlyList<Prefix> Alive => _alive;

    /// <summary>For each prefix of <see cref="Alive"/>, its row among the prefixes before the last step.</summary>
    public IReadOnlyList<int> Parents { get; private set; } = [];

    public bool IsDone { get; private set; }

    /// <summary>Hypotheses, best first.</summary>
    public IReadOnlyList<Hypothesis> Best() =>
        [.. _finished.OrderByDescending(hypothesis => hypothesis.Score).Take(_options.NumberOfHypotheses)];

    /// <summary>The tokens worth considering after one of the prefixes, best first.</summary>
    public Candidate[] Propose(int row, NextTokens next)
    {
        int length = _alive[row].Length;
        if (length == _limit)
            return [new Candidate(SpecialTokens.End, next[SpecialTokens.End])];
        next.Ban(SpecialTokens.Pad);
        next.Ban(SpecialTokens.Begin);
        if (length < _options.MinLength)
            next.Ban(SpecialTokens.End);
        // One prefix alone can fill the beam, and one of its tokens may be the end.
        return next.Top(_beam + 1);
    }

    /// <summary>Extends every prefix by one token.</summary>
    /// <param name="proposals">What <see cref="Propose"/> gave for each prefix.</param>
    public void Advance(ReadOnlySpan<Candidate[]> proposals)
    {
        var ranked = Rank(proposals);
        var alive = new List<Extension>(_beam);
        Extension? greedy = null;
        for (int rank = 0; rank < ranked.Count; rank++)
        {
            var extension = ranked[rank];
            if (extension.IsGreedy)
                greedy = extension;
            if (extension.Token != SpecialTokens.End)
            {
                if (alive.Count < _beam)
                    alive.Add(extension);
            }
            else if (rank < _beam || extension.IsGreedy)
            {
                _finished.Add(Extend(extension).Finish(_options.LengthPenalty));
            }
        }
        if (greedy is { } kept && kept.Token != SpecialTokens.End && !alive.Contains(kept))
            alive[^1] = kept;

        var prefixes = new List<Prefix>(alive.Count);
        Prefix? nextGreedy = null;
        foreach (var extension in alive)
        {
            prefixes.Add(Extend(extension));
            if (extension.IsGreedy)
                nextGreedy = prefixes[^1];
        }
        _greedy = nextGreedy;
        _alive = prefixes;
        Parents = [.. alive.Select(extension => extension.Row)];
        IsDone = _alive.Count == 0 || HasEnoughFinished() || NothingAliveCanWin();

        Prefix Extend(Extension extension) => _alive[extension.Row].Extend(extension.Candidate);
    }

    /// <summary>All extensions of all prefixes, best first; ties keep the order of prefixes, so that the result
    /// doesn't depend on the sort.</summary>
    private List<Extension> Rank(ReadOnlySpan<Candidate[]> proposals)
    {
        var ranked = new List<Extension>(proposals.Length * (_beam + 1));
        for (int row = 0; row < proposals.Length; row++)
            for (int i = 0; i < proposals[row].Length; i++)
                ranked.Add(new Extension(row, proposals[row][i],
                    _alive[row].LogProbability + proposals[row][i].LogProbability,
                    IsGreedy: i == 0 && _alive[row] == _greedy, Order: ranked.Count));
        ranked.Sort();
        return ranked;
    }

    /// <summary>As many as the beam have ended: the usual end of a search, once the greedy prefix can't win any
    /// more.</summary>
    private bool HasEnoughFinished() =>
        _finished.Count >= _beam && (_greedy is null || Bound(_greedy) <= _finished.Max(hypothesis => hypothesis.Score));

    /// <summary>Nothing alive can displace a hypothesis that will be given back.</summary>
    private bool NothingAliveCanWin()
    {
        if (_finished.Count < _options.NumberOfHypotheses)
            return false;
        double worstKept = _finished.Select(hypothesis => hypothesis.Score).OrderDescending()
            .ElementAt(_options.NumberOfHypotheses - 1);
        return _alive.TrueForAll(prefix => Bound(prefix) <= worstKept);
    }

    /// <summary>The best score that a prefix can still reach: probabilities only shrink, the penalty's divisor grows
    /// at most to that of the longest output, which is the limit and the end token.</summary>
    private double Bound(Prefix prefix) =>
        prefix.LogProbability / LengthPenalty.Divisor(_limit + 1, _options.LengthPenalty);

    /// <summary>A prefix and its next token.</summary>
    private readonly record struct Extension(int Row, Candidate Candidate, double LogProbability, bool IsGreedy, int Order)
        : IComparable<Extension>
    {
        public int Token => Candidate.Token;

        /// <summary>Most probable first.</summary>
        public int CompareTo(Extension other)
        {
            int byProbability = other.LogProbability.CompareTo(LogProbability);
            return byProbability != 0 ? byProbability : Order.CompareTo(other.Order);
        }
    }
}
