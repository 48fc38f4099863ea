namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>chrF2 (Popović 2015) and, with words, chrF2++ (Popović 2017), as sacreBLEU computes them: an F-score that
/// weighs recall four times, over n-grams of up to 6 characters and, with words, up to 2 words.</summary>
internal sealed class ChrF(EvaluationOptions options, int wordOrder) : CorpusMetric
{
    private const int CharacterOrder = 6;
    private const double Beta2 = 4;

    private readonly NgramMatcher _characterNgrams = new(CharacterOrder);
    private readonly NgramMatcher _wordNgrams = new(wordOrder);
    private readonly SymbolTrie _words = new();
    private readonly Segment _hypothesis = new();
    private readonly Segment _reference = new();

    /// <summary>For each order, first of characters and then of words: n-grams of the output, of the reference, shared
    /// (O, 3).</summary>
    public override int Width => 3 * Orders;

    private int Orders => CharacterOrder + wordOrder;

    public override void Measure(string hypothesis, IReadOnlyList<string> references, Span<double> statistics)
    {
        _words.Clear();
        _hypothesis.Read(hypothesis, options, wordOrder > 0 ? _words : null);
        _characterNgrams.Start(_hypothesis.Characters.Span());
        _wordNgrams.Start(_hypothesis.Words.Span());

        Span<double> shared = stackalloc double[Orders];
        Span<double> current = stackalloc double[Width];
        double best = -1;
        foreach (string reference in references)
        {
            _reference.Read(reference, options, wordOrder > 0 ? _words : null);
            shared.Clear();
            _characterNgrams.ForgetReferences();
            _characterNgrams.Match(_reference.Characters.Span(), shared);
            _wordNgrams.ForgetReferences();
            _wordNgrams.Match(_reference.Words.Span(), shared[CharacterOrder..]);

            for (int i = 0; i < Orders; i++)
            {
                bool words = i >= CharacterOrder;
                int n = words ? i - CharacterOrder + 1 : i + 1;
                int inReference = NgramMatcher.Total((words ? _reference.Words : _reference.Characters).Count, n);
                int inHypothesis = NgramMatcher.Total((words ? _hypothesis.Words : _hypothesis.Characters).Count, n);
                current[3 * i] = inReference > 0 ? inHypothesis : 0;   // nothing to match is nobody's fault
                current[(3 * i) + 1] = inReference;
                current[(3 * i) + 2] = shared[i];
            }

            double score = Score(current);
            if (score > best)
            {
                best = score;
                current.CopyTo(statistics);
            }
        }
    }

    public override double Score(ReadOnlySpan<double> sum)
    {
        const double Epsilon = 1e-16;
        double scores = 0, precisions = 0, recalls = 0;
        int effective = 0;
        for (int i = 0; i < Orders; i++)
        {
            double inHypothesis = sum[3 * i], inReference = sum[(3 * i) + 1], shared = sum[(3 * i) + 2];
            double precision = inHypothesis > 0 ? shared / inHypothesis : Epsilon;
            double recall = inReference > 0 ? shared / inReference : Epsilon;
            double weighted = (Beta2 * precision) + recall;
            scores += weighted > 0 ? (1 + Beta2) * precision * recall / weighted : Epsilon;
            if (inHypothesis > 0 && inReference > 0)
            {
                precisions += precision;
                recalls += recall;
                effective++;
            }
        }

        if (options.ChrFEpsilonSmoothing)
            return 100 * scores / Orders;
        if (precisions + recalls == 0)
            return 0;
        precisions /= effective;
        recalls /= effective;
        // In sacreBLEU's order: its rounding decides which of two references that score alike counts.
        return 100 * ((1 + Beta2) * precisions * recalls / ((Beta2 * precisions) + recalls));
    }

    private sealed class Segment
    {
        private readonly List<int> _text = [];

        public List<int> Characters { get; } = [];

        public List<int> Words { get; } = [];

        public void Read(string segment, EvaluationOptions options, SymbolTrie? words)
        {
            _text.Clear();
            Text.Append(_text, options.Lowercase ? Text.Lower(segment) : segment);
            Characters.Clear();
            foreach (int c in _text)
            {
                if (options.ChrFWhitespace || !Text.IsSpace(c))
                    Characters.Add(c);
            }

            Words.Clear();
            if (words is null)
                return;
            ReadOnlySpan<int> text = _text.Span();
            for (int position = 0; Text.NextWord(text, ref position, out Range range);)
            {
                // One mark at the end, or else one at the beginning, is a word of its own.
                ReadOnlySpan<int> word = text[range];
                if (word.Length > 1 && IsPunctuation(word[^1]))
                {
                    Words.Add(words.Walk(word[..^1]));
                    Words.Add(words.Walk(word[^1..]));
                }
                else if (word.Length > 1 && IsPunctuation(word[0]))
                {
                    Words.Add(words.Walk(word[..1]));
                    Words.Add(words.Walk(word[1..]));
                }
                else
                {
                    Words.Add(words.Walk(word));
                }
            }
        }

        private static bool IsPunctuation(int c)
            => c is >= '!' and <= '/' or >= ':' and <= '@' or >= '[' and <= '`' or >= '{' and <= '~';
    }
}
