namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Translation edit rate (Snover et al. 2006) as sacreBLEU computes it, which follows Tercom: insertions,
/// deletions, substitutions and moves of phrases, each one edit, found greedily.</summary>
internal sealed class Ter(EvaluationOptions options) : CorpusMetric
{
    private const int LongestMove = 10;
    private const int FarthestMove = 50;
    private const int MostCandidates = 1000;

    private readonly TerWords _words = new(options);
    private readonly TerDistance _distance = new();
    private readonly List<int> _hypothesis = [];
    private readonly List<int> _reference = [];
    private int[] _current = [];
    private int[] _candidate = [];
    private int[] _best = [];

    /// <summary>Fewest edits of any reference, mean length of the references.</summary>
    public override int Width => 2;

    public override void Measure(string hypothesis, IReadOnlyList<string> references, Span<double> statistics)
    {
        _words.Clear();
        _words.Split(hypothesis, _hypothesis);
        int fewest = int.MaxValue;
        long length = 0;
        foreach (string reference in references)
        {
            _words.SplitReference(reference, _reference);
            fewest = Math.Min(fewest, Edits());
            length += _reference.Count;
        }

        statistics[0] = fewest;
        statistics[1] = (double)length / references.Count;
    }

    public override double Score(ReadOnlySpan<double> sum) => 100 * (sum[1] > 0 ? sum[0] / sum[1] : sum[0] > 0 ? 1 : 0);

    private int Edits()
    {
        if (_reference.Count == 0)
            return _hypothesis.Count;
        if (_hypothesis.Count == 0)
            return _reference.Count;

        if (_current.Length < _hypothesis.Count)
        {
            _current = new int[_hypothesis.Count * 2];
            _candidate = new int[_current.Length];
            _best = new int[_current.Length];
        }

        _hypothesis.CopyTo(_current);
        _distance.Start(_reference.Span(), _hypothesis.Count);
        int distance = _distance.Measure(Words(_current));
        int moves = 0;
        int candidates = 0;
        while (distance > 0 && BestMove(distance, ref candidates) is var gain && candidates < MostCandidates && gain > 0)
        {
            moves++;
            (_current, _best) = (_best, _current);
            distance = _distance.Measure(Words(_current));
        }

        return moves + distance;
    }

    private Span<int> Words(int[] buffer) => buffer.AsSpan(0, _hypothesis.Count);

    // Puts into _best the words after the move that saves most edits. Of equal ones Tercom takes the longest phrase, then
    // the leftmost, then the leftmost place to put it.
    private int BestMove(int distance, ref int candidates)
    {
        ReadOnlySpan<int> hypothesis = Words(_current);
        ReadOnlySpan<int> reference = _reference.Span();
        _distance.Align();
        (int Gain, int Length, int Start, int Place) best = default;
        bool any = false;
        for (int start = 0; start < hypothesis.Length; start++)
        {
            int last = Math.Min(reference.Length - 1, start + FarthestMove);
            for (int target = Math.Max(0, start - FarthestMove); target <= last; target++)
            {
                for (int length = 1; length <= LongestMove && start + length <= hypothesis.Length
                    && target + length <= reference.Length
                    && hypothesis[start + length - 1] == reference[target + length - 1]; length++)
                {
                    // Both ends are to be wrong as things stand, and the phrase isn't to move within itself.
                    int aligned = _distance.HypothesisOf(target);
                    if (!_distance.HypothesisErrs(start, length) || !_distance.ReferenceErrs(target, length)
                        || (aligned >= start && aligned < start + length))
                        continue;

                    int previous = -1;
                    for (int offset = -1; offset < length; offset++)
                    {
                        int place = target + offset < 0 ? 0 : _distance.HypothesisOf(target + offset) + 1;
                        if (place == previous)
                            continue;
                        previous = place;

                        Move(hypothesis, Words(_candidate), start, length, place);
                        var move = (distance - _distance.Probe(Words(_candidate)), length, -start, -place);
                        candidates++;
                        if (!any || move.CompareTo(best) > 0)
                        {
                            any = true;
                            best = move;
                            (_best, _candidate) = (_candidate, _best);
                        }
                    }

                    if (candidates >= MostCandidates)
                        return best.Gain;
                }
            }
        }

        return best.Gain;
    }

    // The place counts in the words before the move; one inside the phrase shifts it right by as much.
    private static void Move(ReadOnlySpan<int> words, Span<int> moved, int start, int length, int place)
    {
        ReadOnlySpan<int> phrase = words.Slice(start, length);
        ReadOnlySpan<int> before = words[..start];
        ReadOnlySpan<int> after = words[(start + length)..];
        if (place < start)
        {
            before[..place].CopyTo(moved);
            phrase.CopyTo(moved[place..]);
            before[place..].CopyTo(moved[(place + length)..]);
            after.CopyTo(moved[(start + length)..]);
        }
        else
        {
            int skipped = place > start + length ? place - start - length : Math.Min(place - start, after.Length);
            before.CopyTo(moved);
            after[..skipped].CopyTo(moved[start..]);
            phrase.CopyTo(moved[(start + skipped)..]);
            after[skipped..].CopyTo(moved[(start + skipped + length)..]);
        }
    }
}
