using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>
/// Beam search for one source; greedy search is a beam of one. It always keeps a place for the prefix that greedy search
/// would write, so that the best hypothesis never scores below the greedy one. The beam may be several smaller ones that
/// choose in turn and avoid each other's tokens (diverse beam search, Vijayakumar et al. 2018).
/// </summary>
internal sealed class SentenceBeam : SentenceSearch
{
    private readonly DecodingOptions _options;
    private readonly int _beam;
    private readonly int _groupBeam;
    private readonly double _patience;
    private List<int>[] _groups; // rows of each group
    private Prefix? _greedy; // of the first group: what greedy search would have written, while it has not ended

    public SentenceBeam(DecodingOptions options, TokenRules rules)
        : base(options, rules)
    {
        _options = options;
        _beam = options.EffectiveBeam;
        int groups = options.Strategy == DecodingStrategy.Beam ? options.BeamGroups : 1;
        _groupBeam = _beam / groups;
        // What greedy search does not choose is alive only until it ends.
        _patience = options.Strategy == DecodingStrategy.Greedy ? 1 : options.Patience;
        _groups = [.. Enumerable.Range(0, groups).Select(_ => new List<int> { 0 })]; // all start from one prefix
        _greedy = Alive.FirstOrDefault();
    }

    // One prefix alone can fill the beam, and one of its tokens may be the end.
    protected override Candidate[] Choose(int row, NextTokens next) => next.Top(_beam + 1);

    protected override List<(Prefix Prefix, int Row)> Extend(ReadOnlySpan<Proposal> proposals)
    {
        var next = new List<(Prefix Prefix, int Row)>(_beam);
        var groups = new List<int>[_groups.Length];
        var taken = new Dictionary<int, int>(); // by how many prefixes of the groups before
        Prefix? nextGreedy = null;
        for (int g = 0; g < groups.Length; g++)
        {
            groups[g] = [];
            var kept = ExtendGroup(_groups[g], proposals, taken, g == 0 ? _greedy : null);
            foreach (var extension in kept)
            {
                var prefix = Extended(extension, proposals);
                groups[g].Add(next.Count);
                next.Add((prefix, extension.Row));
                if (extension.IsGreedy)
                    nextGreedy = prefix;
            }
            foreach (var extension in kept)
                taken[extension.Candidate.Token] = taken.GetValueOrDefault(extension.Candidate.Token) + 1;
        }
        _groups = groups;
        _greedy = nextGreedy;
        return next;
    }

    /// <summary>Finishes what ends in one group and gives the extensions that go on, best first.</summary>
    private List<Extension> ExtendGroup(
        List<int> rows, ReadOnlySpan<Proposal> proposals, Dictionary<int, int> taken, Prefix? greedyPrefix)
    {
        var ranked = Rank(rows, proposals, taken, greedyPrefix);
        var kept = new List<Extension>(_groupBeam);
        Extension? greedy = null;
        for (int rank = 0; rank < ranked.Count; rank++)
        {
            var extension = ranked[rank];
            if (extension.IsGreedy)
                greedy = extension;
            if (extension.Candidate.Token != SpecialTokens.End)
            {
                if (kept.Count < _groupBeam)
                    kept.Add(extension);
            }
            else if (rank < _groupBeam || extension.IsGreedy)
            {
                FinishOnce(Extended(extension, proposals));
            }
        }
        if (greedy is { } best && best.Candidate.Token != SpecialTokens.End && !kept.Contains(best))
            kept[^1] = best;
        return kept;
    }

    /// <summary>Two groups may come to the same output.</summary>
    private void FinishOnce(Prefix prefix)
    {
        int[] tokens = _groups.Length > 1 ? prefix.Tokens()[..^1] : [];
        if (_groups.Length == 1 || !Finished.Exists(hypothesis => hypothesis.Tokens.AsSpan().SequenceEqual(tokens)))
            Finish(prefix);
    }

    private Prefix Extended(Extension extension, ReadOnlySpan<Proposal> proposals) =>
        Alive[extension.Row].Extend(extension.Candidate, proposals[extension.Row].Attention);

    protected override bool CanStop() => HasEnoughFinished() || NothingAliveCanWin();

    /// <summary>All extensions of a group's prefixes, best first; ties keep the order of prefixes, so that the result
    /// doesn't depend on the sort.</summary>
    private List<Extension> Rank(
        List<int> rows, ReadOnlySpan<Proposal> proposals, Dictionary<int, int> taken, Prefix? greedyPrefix)
    {
        var ranked = new List<Extension>(rows.Count * (_beam + 1));
        foreach (int row in rows)
        {
            var candidates = proposals[row].Candidates;
            for (int i = 0; i < candidates.Length; i++)
                ranked.Add(new Extension(row, candidates[i],
                    Alive[row].Score + candidates[i].Score - _options.DiversityPenalty * taken.GetValueOrDefault(candidates[i].Token),
                    IsGreedy: i == 0 && ReferenceEquals(Alive[row], greedyPrefix), Order: ranked.Count));
        }
        ranked.Sort();
        return ranked;
    }

    /// <summary>The usual end of a search, once the greedy prefix can't win any more.</summary>
    private bool HasEnoughFinished() =>
        Finished.Count >= Math.Max(_beam * _patience, _options.NumberOfHypotheses)
        && (_greedy is null || Bound(_greedy) <= Finished.Max(hypothesis => hypothesis.Score));

    /// <summary>The safe end: nothing alive can displace a hypothesis that will be given back.</summary>
    private bool NothingAliveCanWin()
    {
        if (Finished.Count < _options.NumberOfHypotheses)
            return false;
        double worstKept = Finished.Select(hypothesis => hypothesis.Score).OrderDescending()
            .ElementAt(_options.NumberOfHypotheses - 1);
        return Alive.All(prefix => Bound(prefix) <= worstKept);
    }

    /// <summary>The best score that a prefix can still reach: log-probabilities only add up to less, the penalty's
    /// divisor grows at most to that of the longest output, which is the limit and the end token, and coverage adds
    /// nothing above 0.</summary>
    private double Bound(Prefix prefix) => prefix.Score / LengthPenalty.Divisor(Limit + 1.0, _options);

    /// <summary>A prefix and its next token.</summary>
    /// <param name="Score">What it is chosen by, in this step alone.</param>
    private readonly record struct Extension(int Row, Candidate Candidate, double Score, bool IsGreedy, int Order)
        : IComparable<Extension>
    {
        /// <summary>Highest score first.</summary>
        public int CompareTo(Extension other)
        {
            int byScore = other.Score.CompareTo(Score);
            return byScore != 0 ? byScore : Order.CompareTo(other.Order);
        }
    }
}
