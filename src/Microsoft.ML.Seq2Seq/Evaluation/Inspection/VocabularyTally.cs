using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>What the vocabulary that training would learn makes of the rows.</summary>
internal sealed class VocabularyTally
{
    /// <summary>A token seen so often is learned well (Gowda and May 2020).</summary>
    public const int WellSeen = 100;

    /// <summary>A few rare tokens, such as odd characters, are the price of any vocabulary.</summary>
    private const double MostRareTokens = 0.05, ManyRareTokens = 0.25;

    private readonly SubwordTokenizer _source, _target;
    private readonly long[] _counts;
    private readonly TokenTally _sourceTokens, _targetTokens, _validationSources, _validationTargets;
    private readonly RowTally _unknown;
    private readonly double _scale;
    private readonly int _sampledRows;
    private long _validated;

    public VocabularyTally(SubwordTokenizer source, SubwordTokenizer target, TextSample sample, int mostExamples)
    {
        _source = source;
        _target = target;
        _counts = new long[target.VocabularySize];
        _sourceTokens = new TokenTally(source, source == target ? _counts : new long[source.VocabularySize]);
        _targetTokens = new TokenTally(target, _counts);
        _validationSources = new TokenTally(source, new long[source.VocabularySize]);
        _validationTargets = new TokenTally(target, new long[target.VocabularySize]);
        _unknown = new RowTally(mostExamples);
        _scale = sample.Scale;
        _sampledRows = sample.Count;
        foreach (var (sourceText, targetText) in sample.Rows)
        {
            _sourceTokens.Add(sourceText);
            _targetTokens.Add(targetText);
        }
    }

    /// <summary>The id of the first token that is learned from text rather than given: the others are special tokens and
    /// bytes.</summary>
    public static int FirstLearned(SubwordTokenizer tokenizer) =>
        tokenizer.Kind == SubwordKind.BytePairEncoding ? BytePairTokenizer.FirstPiece : SpecialTokens.FirstText;

    public void AddValidation(TextRow row)
    {
        int unknown = _validationSources.Add(row.Source) + _validationTargets.Add(row.Target);
        _validated++;
        if (unknown > 0)
            _unknown.Add(row, $"{unknown} {(unknown == 1 ? "token" : "tokens")}");
    }

    /// <param name="rareCount">A token seen less often is rare.</param>
    public VocabularyStatistics Statistics(int rareCount)
    {
        bool validated = _validated > 0;
        long[] learned = VocabularySizing.Occurrences(_target, _counts);
        int rare = 0, wellSeen = 0;
        foreach (long count in learned)
        {
            rare += count * _scale < rareCount ? 1 : 0;
            wellSeen += count * _scale >= WellSeen ? 1 : 0;
        }
        return new VocabularyStatistics
        {
            SourceVocabularySize = _source.VocabularySize,
            TargetVocabularySize = _target.VocabularySize,
            Source = _sourceTokens.Statistics(_scale, validated ? _validationSources : _sourceTokens),
            Target = _targetTokens.Statistics(_scale, validated ? _validationTargets : _targetTokens),
            RareTokens = (double)rare / learned.Length,
            RareTokenCount = rareCount,
            WellSeenTokens = (double)wellSeen / learned.Length,
            SampledRows = _sampledRows,
        };
    }

    public IEnumerable<DataFinding> Findings(VocabularyStatistics statistics)
    {
        bool validated = _validated > 0;
        var (sources, targets) = validated ? (_validationSources, _validationTargets) : (_sourceTokens, _targetTokens);
        long unknown = sources.Unknown + targets.Unknown, tokens = sources.Tokens + targets.Tokens;
        if (unknown > 0)
        {
            double rate = (double)unknown / tokens;
            bool bytes = _target.Kind == SubwordKind.BytePairEncoding;
            yield return new DataFinding
            {
                Kind = FindingKind.UnknownTokens,
                Severity = rate >= 0.01 ? FindingSeverity.Warning : FindingSeverity.Note,
                Count = validated ? unknown : (long)(unknown * _scale),
                Share = rate,
                Summary = $"Tokens of the {(validated ? "validation" : "training")} rows that "
                    + (bytes ? "are bytes of characters too rare to have a token." : "the vocabulary doesn't know."),
                Advice = bytes
                    ? "Nothing is lost, but bytes are learned badly: normalise odd quotes, spaces and letters (SubwordOptions.Normalization), or train on more text."
                    : "They can be neither read nor written: take SubwordKind.BytePairEncoding, which spells everything, a larger vocabulary or a lower MinimumFrequency.",
                Examples = _unknown.Examples,
            };
        }
        if (statistics.RareTokens > MostRareTokens)
        {
            int learned = _target.Pieces.Length;
            yield return new DataFinding
            {
                Kind = FindingKind.RareTokens,
                Severity = statistics.RareTokens > ManyRareTokens ? FindingSeverity.Warning : FindingSeverity.Note,
                Count = (long)Math.Round(statistics.RareTokens * learned),
                Share = statistics.RareTokens,
                Summary = FormattableString.Invariant($"Tokens of the vocabulary's {learned:N0} learned ones that training sees fewer than {statistics.RareTokenCount} times."),
                Advice = "What is hardly seen is hardly learned: take the vocabulary that is advised, or more data.",
            };
        }
    }
}
