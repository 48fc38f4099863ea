namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>Edit distance from a hypothesis to one reference, as TER needs it: cells far from the diagonal are left out,
/// as in Tercom, the cheapest path can be read off, and a candidate that shares its beginning with the hypothesis is
/// measured from where it parts.</summary>
internal sealed class TerDistance
{
    private const int Beam = 25;
    private const int Unreached = int.MaxValue / 2;

    private enum Edit : byte
    {
        None,
        Substitute,
        Delete,   // a word of the hypothesis
        Insert,   // a word of the reference
    }

    private readonly List<int> _reference = [];
    private readonly List<int> _measured = [];
    private int[] _initial = [];        // row 0: the cost of inserting the first j words
    private int[] _costs = [];          // (rows of the hypothesis, stride), each row from its own first column
    private Edit[] _edits = [];
    private int[] _scratch = [];        // two rows for Probe
    private int[] _alignment = [];      // for each reference word the hypothesis word it lies at or behind, -1 at the start
    private int[] _referenceErrors = [];    // how many of the first i words are not matched
    private int[] _hypothesisErrors = [];
    private int _hypothesisLength;
    private int _beam;
    private int _stride;

    /// <summary>Takes a new reference, and the length that all hypotheses are to have, at least 1.</summary>
    public void Start(ReadOnlySpan<int> reference, int hypothesisLength)
    {
        _reference.Clear();
        _reference.AddRange(reference);
        _measured.Clear();
        _hypothesisLength = hypothesisLength;

        // A hypothesis much shorter than the reference needs a wider beam for neighbouring rows to overlap.
        double ratio = Ratio;
        _beam = ratio / 2 > Beam ? (int)Math.Ceiling((ratio / 2) + Beam) : Beam;
        _stride = Math.Min(2 * _beam, reference.Length + 1);
        int needed = reference.Length + 1;
        if (_initial.Length < needed)
        {
            _initial = [.. Enumerable.Range(0, needed * 2)];
            _alignment = new int[needed * 2];
            _referenceErrors = new int[needed * 2];
        }

        if (_costs.Length < hypothesisLength * _stride)
        {
            _costs = new int[hypothesisLength * _stride * 2];
            _edits = new Edit[_costs.Length];
        }

        if (_hypothesisErrors.Length <= hypothesisLength)
            _hypothesisErrors = new int[(hypothesisLength + 1) * 2];
        if (_scratch.Length < 2 * _stride)
            _scratch = new int[4 * _stride];
    }

    /// <summary>The distance; the path to it is kept for <see cref="Align"/>.</summary>
    public int Measure(ReadOnlySpan<int> hypothesis)
    {
        int shared = _measured.Span().CommonPrefixLength(hypothesis);
        for (int row = shared + 1; row <= hypothesis.Length; row++)
            Fill(row, hypothesis[row - 1], Kept(row - 1), Kept(row), _edits.AsSpan((row - 1) * _stride, _stride));
        _measured.Clear();
        _measured.AddRange(hypothesis);
        return Kept(hypothesis.Length)[_reference.Count - FirstColumn(hypothesis.Length)];
    }

    /// <summary>The distance of a candidate; what <see cref="Measure"/> kept stays.</summary>
    public int Probe(ReadOnlySpan<int> candidate)
    {
        int shared = _measured.Span().CommonPrefixLength(candidate);
        Span<int> previous = Kept(shared);
        for (int row = shared + 1; row <= candidate.Length; row++)
        {
            Span<int> current = _scratch.AsSpan(row % 2 * _stride, _stride);
            Fill(row, candidate[row - 1], previous, current, []);
            previous = current;
        }

        return previous[_reference.Count - FirstColumn(candidate.Length)];
    }

    /// <summary>Reads off which words of the last measured hypothesis match.</summary>
    public void Align()
    {
        int row = _hypothesisLength;
        int column = _reference.Count;
        while (row > 0 || column > 0)
        {
            Edit edit = row == 0 ? Edit.Insert : _edits[((row - 1) * _stride) + column - FirstColumn(row)];
            int error = edit == Edit.None ? 0 : 1;
            if (edit != Edit.Delete)
            {
                _alignment[column - 1] = row - 1;
                _referenceErrors[column] = error;
                column--;
            }

            if (edit != Edit.Insert)
            {
                _hypothesisErrors[row] = error;
                row--;
            }
        }

        for (int i = 1; i <= _reference.Count; i++)
            _referenceErrors[i] += _referenceErrors[i - 1];
        for (int i = 1; i <= _hypothesisLength; i++)
            _hypothesisErrors[i] += _hypothesisErrors[i - 1];
    }

    public int HypothesisOf(int referenceWord) => _alignment[referenceWord];

    public bool ReferenceErrs(int start, int length) => _referenceErrors[start + length] > _referenceErrors[start];

    public bool HypothesisErrs(int start, int length) => _hypothesisErrors[start + length] > _hypothesisErrors[start];

    private double Ratio => (double)_reference.Count / _hypothesisLength;

    private int FirstColumn(int row) => row == 0 ? 0 : Math.Max(0, (int)Math.Floor(row * Ratio) - _beam);

    // The column behind the last one that the beam reaches.
    private int EndColumn(int row) => row == 0 || row == _hypothesisLength
        ? _reference.Count + 1
        : Math.Min(_reference.Count + 1, (int)Math.Floor(row * Ratio) + _beam);

    private Span<int> Kept(int row)
        => row == 0 ? _initial.AsSpan(0, _reference.Count + 1) : _costs.AsSpan((row - 1) * _stride, _stride);

    private void Fill(int row, int word, ReadOnlySpan<int> above, Span<int> current, Span<Edit> edits)
    {
        ReadOnlySpan<int> reference = _reference.Span();
        int first = FirstColumn(row), end = EndColumn(row);
        int aboveFirst = FirstColumn(row - 1), aboveEnd = EndColumn(row - 1);
        int left = Unreached;
        int aboveLeft = first - 1 >= aboveFirst && first - 1 < aboveEnd ? above[first - 1 - aboveFirst] : Unreached;
        for (int column = first; column < end; column++)
        {
            int straight = column >= aboveFirst && column < aboveEnd ? above[column - aboveFirst] : Unreached;
            int best = Unreached;
            var edit = Edit.Insert;
            if (column > 0)
            {
                bool same = word == reference[column - 1];
                best = same ? aboveLeft : aboveLeft + 1;
                edit = same ? Edit.None : Edit.Substitute;
            }

            // Of equal paths Tercom takes the substitution, then the deletion.
            if (straight + 1 < best)
                (best, edit) = (straight + 1, Edit.Delete);
            if (left + 1 < best)
                (best, edit) = (left + 1, Edit.Insert);

            current[column - first] = best;
            if (!edits.IsEmpty)
                edits[column - first] = edit;
            left = best;
            aboveLeft = straight;
        }
    }
}
