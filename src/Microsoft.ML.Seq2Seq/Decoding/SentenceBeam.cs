using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>
/// Beam search for one source; greedy search is a beam of one. It always keeps a place for the prefix that greedy search
/// would write, so that the best hypothesis never scores below the greedy one. The beam may be several smaller ones that
/// choose in turn and avoid each other's tokens (diverse beam search, Vijayakumar et al. 2018); each ends for itself, and
/// gives its best.
/// </summary>
internal sealed class SentenceBeam : SentenceSearch
{
    private readonly DecodingOptions _options;
    private readonly int _beam;
    private readonly int _groupBeam;
    private readonly int _groupKeeps; // outputs that one group may give back
    private readonly double _patience;
    private readonly Group[] _groups;

    public SentenceBeam(DecodingOptions options, TokenRules rules)
        : base(options, rules)
    {
        _options = options;
        _beam = options.EffectiveBeam;
        int groups = options.Strategy == DecodingStrategy.Beam ? options.BeamGroups : 1;
        _groupBeam = _beam / groups;
        // When a group ends sways the groups after it, so that is not left to how many outputs are asked for.
        _groupKeeps = groups > 1 ? _groupBeam : options.NumberOfHypotheses;
        // What greedy search does not choose is alive only until it ends.
        _patience = options.Strategy == DecodingStrategy.Greedy ? 1 : options.Patience;
        _groups = [.. Enumerable.Range(0, groups).Select(_ => new Group())];
        _groups[0].Greedy = Alive.FirstOrDefault();
    }

    // One prefix alone can fill the beam, and one of its tokens may be the end.
    protected override Candidate[] Choose(int row, NextTokens next) => next.Top(_beam + 1);

    protected override List<(Prefix Prefix, int Row)> Extend(ReadOnlySpan<Proposal> proposals)
    {
        var next = new List<(Prefix Prefix, int Row)>(_beam);
        var taken = new Dictionary<int, int>(); // by how many prefixes of the groups before
        foreach (var group in _groups)
        {
            var kept = ExtendGroup(group, proposals, taken);
            var alive = new List<(Prefix Prefix, int Row)>(kept.Count);
            group.Greedy = null;
            foreach (var extension in kept)
            {
                var prefix = Extended(extension, proposals);
                alive.Add((prefix, extension.Row));
                taken[extension.Candidate.Token] = taken.GetValueOrDefault(extension.Candidate.Token) + 1;
                if (extension.IsGreedy)
                    group.Greedy = prefix;
            }
            if (HasEnoughFinished(group) || NothingAliveCanWin(group, alive))
                alive.Clear();
            group.Rows = [.. Enumerable.Range(next.Count, alive.Count)];
            next.AddRange(alive);
        }
        return next;
    }

    /// <summary>Finishes what ends in one group and gives the extensions that go on, best first.</summary>
    private List<Extension> ExtendGroup(Group group, ReadOnlySpan<Proposal> proposals, Dictionary<int, int> taken)
    {
        var ranked = Rank(group, proposals, taken);
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
                Finish(group, Extended(extension, proposals));
            }
        }
        if (greedy is { } best && best.Candidate.Token != SpecialTokens.End && !kept.Contains(best))
            kept[^1] = best;
        return kept;
    }

    /// <summary>Takes an output that closes with the end token, unless a group before it keeps the same: what is given
    /// back differs.</summary>
    private void Finish(Group group, Prefix prefix)
    {
        var hypothesis = prefix.Finish(_options);
        if (_groups.Length > 1 && Finished.Exists(other => other.Tokens.AsSpan().SequenceEqual(hypothesis.Tokens)))
            return;
        group.Ended++;
        int place = group.Best.FindIndex(other => other.Score < hypothesis.Score);
        group.Best.Insert(place < 0 ? group.Best.Count : place, hypothesis);
        Finished.Add(hypothesis);
        if (group.Best.Count <= _groupKeeps)
            return;
        Finished.Remove(group.Best[^1]);
        group.Best.RemoveAt(_groupKeeps);
    }

    private Prefix Extended(Extension extension, ReadOnlySpan<Proposal> proposals) =>
        Alive[extension.Row].Extend(extension.Candidate, proposals[extension.Row].Attention);

    /// <summary>All extensions of a group's prefixes, best first; ties keep the order of prefixes, so that the result
    /// doesn't depend on the sort.</summary>
    private List<Extension> Rank(Group group, ReadOnlySpan<Proposal> proposals, Dictionary<int, int> taken)
    {
        var ranked = new List<Extension>(group.Rows.Length * (_beam + 1));
        foreach (int row in group.Rows)
        {
            var candidates = proposals[row].Candidates;
            for (int i = 0; i < candidates.Length; i++)
                ranked.Add(new Extension(row, candidates[i],
                    Alive[row].Score + candidates[i].Score - _options.DiversityPenalty * taken.GetValueOrDefault(candidates[i].Token),
                    IsGreedy: i == 0 && ReferenceEquals(Alive[row], group.Greedy), Order: ranked.Count));
        }
        ranked.Sort();
        return ranked;
    }

    /// <summary>The usual end of a group, once the greedy prefix can't win any more.</summary>
    private bool HasEnoughFinished(Group group) =>
        group.Ended >= Math.Max(_groupBeam * _patience, (double)_options.NumberOfHypotheses / _groups.Length)
        && (group.Greedy is null || Bound(group.Greedy) <= group.Best[0].Score);

    /// <summary>The safe end: nothing alive can displace a hypothesis that the group may give back.</summary>
    private bool NothingAliveCanWin(Group group, List<(Prefix Prefix, int Row)> alive) =>
        group.Best.Count == _groupKeeps && alive.TrueForAll(entry => Bound(entry.Prefix) <= group.Best[^1].Score);

    /// <summary>The best score that a prefix can still reach: log-probabilities only add up to less, the penalty's
    /// divisor grows at most to that of the longest output, which is the limit and the end token, and coverage adds
    /// nothing above 0.</summary>
    private double Bound(Prefix prefix) => prefix.Score / LengthPenalty.Divisor(Limit + 1.0, _options);

    /// <summary>One of the beams that choose in turn.</summary>
    private sealed class Group
    {
        /// <summary>Its prefixes, as places among all that are alive. At first there is one, for all groups.</summary>
        public int[] Rows { get; set; } = [0];

        /// <summary>What it may give back, best first.</summary>
        public List<Hypothesis> Best { get; } = [];

        /// <summary>Outputs that it has finished, kept or not.</summary>
        public int Ended { get; set; }

        /// <summary>What greedy search would have written, while it has not ended; in the first group alone.</summary>
        public Prefix? Greedy { get; set; }
    }

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
