namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>A next token and its log-probability.</summary>
internal readonly record struct Candidate(int Token, float LogProbability);

/// <summary>
/// Beam search for one source, without any tensors: takes the best next tokens of each prefix and settles which
/// prefixes live on. It always keeps a place for the prefix that greedy search would write, so that the best
/// hypothesis never scores below the greedy one.
/// </summary>
internal sealed class SentenceBeam
{
    private readonly DecodingOptions _options;
    private readonly int _endToken;
    private readonly int _limit;
    private readonly List<Hypothesis> _finished = [];
    private List<Prefix> _alive;

    /// <param name="source">Row of the source in the caller's batch.</param>
    /// <param name="sourceLength">Tokens of the source, the end token not counted.</param>
    /// <param name="beginToken">What every output starts from.</param>
    /// <param name="endToken">What ends an output.</param>
    /// <param name="options">Validated.</param>
    public SentenceBeam(int source, int sourceLength, int beginToken, int endToken, DecodingOptions options)
    {
        Source = source;
        _options = options;
        _endToken = endToken;
        _limit = options.LengthLimit(sourceLength);
        _alive = [new Prefix(null, beginToken, 0, 0, IsGreedy: true)];
    }

    public int Source { get; }

    /// <summary>Prefixes to extend, best first.</summary>
    public IReadOnlyList<Prefix> Alive => _alive;

    /// <summary>For each prefix of <see cref="Alive"/>, its row among the prefixes before the last step.</summary>
    public int[] Parents { get; private set; } = [];

    public bool IsDone { get; private set; }

    /// <summary>Hypotheses, best first.</summary>
    public IReadOnlyList<Hypothesis> Best() =>
        [.. _finished.OrderByDescending(hypothesis => hypothesis.Score).Take(_options.NumberOfHypotheses)];

    /// <summary>Extends every prefix by one token.</summary>
    /// <param name="candidates">For each prefix its most probable next tokens, best first: at least
    /// <see cref="DecodingOptions.BeamSize"/> + 1 of them where there are as many, since one may be the end.</param>
    public void Advance(IReadOnlyList<Candidate[]> candidates)
    {
        int beam = _options.EffectiveBeam;
        var ranked = Rank(candidates);
        var alive = new List<(Prefix Prefix, int Parent)>(beam);
        for (int rank = 0; rank < ranked.Count && alive.Count < beam; rank++)
        {
            var (prefix, parent) = ranked[rank];
            if (prefix.Token != _endToken)
                alive.Add(ranked[rank]);
            else if (rank < beam)
                Finish(prefix, ended: true);
        }
        KeepGreedy(ranked, alive, beam);
        _alive = [.. alive.Select(entry => entry.Prefix)];
        Parents = [.. alive.Select(entry => entry.Parent)];
        Settle();
    }

    /// <summary>All extensions of all prefixes, best first; ties keep the order of prefixes, so that the result
    /// doesn't depend on the sort.</summary>
    private List<(Prefix Prefix, int Parent)> Rank(IReadOnlyList<Candidate[]> candidates)
    {
        var ranked = new List<(Prefix Prefix, int Parent)>();
        for (int row = 0; row < _alive.Count; row++)
        {
            var parent = _alive[row];
            bool first = true;
            foreach (var (token, logProbability) in candidates[row])
            {
                if (float.IsNegativeInfinity(logProbability) || (token == _endToken && parent.Length < _options.MinLength))
                    continue;
                ranked.Add((new Prefix(parent, token, parent.LogProbability + logProbability, parent.Length + 1,
                    IsGreedy: parent.IsGreedy && first), row));
                first = false;
            }
        }
        return [.. ranked.OrderByDescending(entry => entry.Prefix.LogProbability)];
    }

    private void KeepGreedy(List<(Prefix Prefix, int Parent)> ranked, List<(Prefix Prefix, int Parent)> alive, int beam)
    {
        int rank = ranked.FindIndex(entry => entry.Prefix.IsGreedy);
        if (rank < 0)
            return;
        var greedy = ranked[rank];
        if (greedy.Prefix.Token == _endToken)
        {
            if (rank >= beam)
                Finish(greedy.Prefix, ended: true);
        }
        else if (!alive.Contains(greedy))
        {
            if (alive.Count == beam)
                alive.RemoveAt(beam - 1);
            alive.Add(greedy);
        }
    }

    private void Settle()
    {
        if (_alive.Count > 0 && _alive[0].Length >= _limit)
        {
            foreach (var prefix in _alive)
                Finish(prefix, ended: false);
            _alive = [];
        }
        if (_alive.Count == 0)
        {
            IsDone = true;
            return;
        }
        if (_finished.Count < _options.NumberOfHypotheses)
            return;
        double worstKept = _finished.Select(hypothesis => hypothesis.Score).OrderDescending()
            .ElementAt(_options.NumberOfHypotheses - 1);
        // As many as the beam have ended: the usual end of a search, once the greedy prefix can't win any more.
        if (_finished.Count >= _options.EffectiveBeam)
            IsDone = !_alive.Any(prefix => prefix.IsGreedy && Bound(prefix) > _finished.Max(hypothesis => hypothesis.Score));
        // Nothing alive can reach what is kept.
        IsDone |= _alive.All(prefix => Bound(prefix) <= worstKept);
    }

    /// <summary>The best score that a prefix can still reach: probabilities only shrink, the penalty's divisor grows
    /// at most to that of the length limit.</summary>
    private double Bound(Prefix prefix) => prefix.LogProbability / LengthPenalty.Divisor(_limit, _options.LengthPenalty);

    private void Finish(Prefix prefix, bool ended) => _finished.Add(prefix.Finish(ended, _options.LengthPenalty));
}
