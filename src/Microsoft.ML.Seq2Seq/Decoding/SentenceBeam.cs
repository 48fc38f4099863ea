using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>
/// Beam search for one source; greedy search is a beam of one. It always keeps a place for the prefix that greedy search
/// would write, so that the best hypothesis never scores below the greedy one.
/// </summary>
internal sealed class SentenceBeam : SentenceSearch
{
    private readonly DecodingOptions _options;
    private readonly int _beam;
    private Prefix? _greedy; // what greedy search would have written, while it has not ended

    public SentenceBeam(DecodingOptions options, TokenRules rules)
        : base(options, rules)
    {
        _options = options;
        _beam = options.EffectiveBeam;
        _greedy = Alive.FirstOrDefault();
    }

    // One prefix alone can fill the beam, and one of its tokens may be the end.
    protected override Candidate[] Choose(int row, NextTokens next) => next.Top(_beam + 1);

    protected override List<(Prefix Prefix, int Row)> Extend(ReadOnlySpan<Proposal> proposals)
    {
        var ranked = Rank(proposals);
        var kept = new List<Extension>(_beam);
        Extension? greedy = null;
        for (int rank = 0; rank < ranked.Count; rank++)
        {
            var extension = ranked[rank];
            if (extension.IsGreedy)
                greedy = extension;
            if (extension.Candidate.Token != SpecialTokens.End)
            {
                if (kept.Count < _beam)
                    kept.Add(extension);
            }
            else if (rank < _beam || extension.IsGreedy)
            {
                Finish(Extended(extension, proposals));
            }
        }
        if (greedy is { } best && best.Candidate.Token != SpecialTokens.End && !kept.Contains(best))
            kept[^1] = best;

        var next = new List<(Prefix Prefix, int Row)>(kept.Count);
        _greedy = null;
        foreach (var extension in kept)
        {
            var prefix = Extended(extension, proposals);
            next.Add((prefix, extension.Row));
            if (extension.IsGreedy)
                _greedy = prefix;
        }
        return next;
    }

    private Prefix Extended(Extension extension, ReadOnlySpan<Proposal> proposals) =>
        Alive[extension.Row].Extend(extension.Candidate, proposals[extension.Row].Attention);

    protected override bool CanStop() => HasEnoughFinished() || NothingAliveCanWin();

    /// <summary>All extensions of all prefixes, best first; ties keep the order of prefixes, so that the result
    /// doesn't depend on the sort.</summary>
    private List<Extension> Rank(ReadOnlySpan<Proposal> proposals)
    {
        var ranked = new List<Extension>(proposals.Length * (_beam + 1));
        for (int row = 0; row < proposals.Length; row++)
        {
            var candidates = proposals[row].Candidates;
            for (int i = 0; i < candidates.Length; i++)
                ranked.Add(new Extension(row, candidates[i], Alive[row].Score + candidates[i].Score,
                    IsGreedy: i == 0 && ReferenceEquals(Alive[row], _greedy), Order: ranked.Count));
        }
        ranked.Sort();
        return ranked;
    }

    /// <summary>The usual end of a search, once the greedy prefix can't win any more.</summary>
    private bool HasEnoughFinished() =>
        Finished.Count >= Math.Max(_beam * _options.Patience, _options.NumberOfHypotheses)
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
    private double Bound(Prefix prefix) => prefix.Score / LengthPenalty.Divisor(Limit + 1, _options.LengthPenalty);

    /// <summary>A prefix and its next token.</summary>
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
