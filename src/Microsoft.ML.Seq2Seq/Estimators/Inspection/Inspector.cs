using System.Text;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Evaluation;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>Looks through the rows of data views. The data is read once; once more where its vocabularies are two, where some
/// text may be over-long, and where the alphabet is so large that the vocabulary asked for can't be cut out of a larger
/// one.</summary>
internal sealed class Inspector
{
    /// <summary>The vocabulary that the advice starts from: what the paper took for millions of pairs.</summary>
    private const int LargestAdvised = 32_000;

    private readonly InspectionOptions _options;
    private readonly SubwordOptions _tokenization;
    private readonly Cancellation _cancellation;
    private readonly TextPreparation _preparation;
    private readonly InspectionRows _rows;
    private readonly InspectionRows? _validation;
    private readonly PairChecks _checks;
    private readonly TextSample _sample = new();
    private bool _mayOverflow;

    private Inspector(IHost host, IDataView data, InspectionOptions options)
    {
        _options = options;
        _tokenization = options.Tokenization;
        _cancellation = new Cancellation(options.CancellationToken, new HostSettings(host));
        _preparation = new TextPreparation(_tokenization.Lowercase, _tokenization.Normalization);
        _rows = new InspectionRows(host, data, nameof(data), options, _cancellation);
        _validation = options.ValidationSet is { } set ? new InspectionRows(host, set, nameof(options.ValidationSet), options, _cancellation) : null;
        _checks = new PairChecks(options.SourceColumnName, options.LabelColumnName, options.ExampleRows);
    }

    public static DataInspection Inspect(IHost host, IDataView data, InspectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        options.Validate();
        var inspector = new Inspector(host, data, options);
        return inspector._rows.AreScored ? inspector.InspectPredictions() : inspector.InspectPairs();
    }

    private DataInspection InspectPredictions()
    {
        var predictions = new PredictionChecks(_options.LengthFactor, _options.MaximumRepeats, _options.ExampleRows);
        foreach (var row in _rows.Read())
        {
            _checks.Add(row);
            predictions.Add(row);
        }
        foreach (var row in _validation?.Read() ?? [])
            _checks.AddValidation(row);
        var statistics = predictions.Statistics();
        return Result(predictions.Findings(statistics)) with { Predictions = statistics };
    }

    private DataInspection InspectPairs()
    {
        var vocabularies = LearnVocabularies();
        var tally = vocabularies is { } learned && _checks.UsableRows > 0
            ? new VocabularyTally(learned.Source, learned.Target, _sample, _options.ExampleRows)
            : null;
        foreach (var row in _validation?.Read() ?? [])
        {
            _checks.AddValidation(row);
            if (PairChecks.IsUsable(row))
                tally?.AddValidation(row);
        }
        if (tally is null)
            return Result(_checks.UsableRows > 0 ? [NothingToLearn()] : []);

        var vocabulary = tally.Statistics(_options.RareTokenCount);
        var result = Result([OverLong(vocabularies!), .. tally.Findings(vocabulary)]);
        return result with
        {
            Vocabulary = vocabulary,
            Advice = TrainingAdvisor.Advise(_options, result.Source, _checks.Source.MainScript, vocabulary, LargestVocabulary(vocabularies!)),
        };
    }

    private DataInspection Result(IEnumerable<DataFinding?> others)
    {
        var ratios = _checks.Ratios(_options.RatioDeviations);
        var found = _checks.Findings(ratios, _options.RareScriptShare).Concat(others).OfType<DataFinding>();
        return new DataInspection
        {
            Rows = _checks.Rows,
            UsableRows = _checks.UsableRows,
            ValidationRows = _validation is null ? null : _checks.ValidationRows,
            Findings = [.. found.OrderByDescending(finding => finding.Severity)],
            Source = _checks.Source.Statistics(),
            Target = _checks.Target.Statistics(),
            TargetToSource = ratios.Median,
        };
    }

    /// <returns>Null where the rows have texts, but the kind of vocabulary finds nothing in them.</returns>
    private Vocabularies? LearnVocabularies()
    {
        bool isRead = false;
        try
        {
            var large = SubwordLearner.Learn(FirstReading(), Enlarged(), _cancellation);
            var source = Cut(large, row => row.Source);
            if (_tokenization.SharedVocabulary)
                return new Vocabularies(source, source, large);
            large = SubwordLearner.Learn(Texts(row => row.Target), Enlarged(), _cancellation);
            return new Vocabularies(source, Cut(large, row => row.Target), large);
        }
        catch (InvalidOperationException) when (isRead)
        {
            return null;
        }

        // The checks see each row on its way to the learner, so that it is read once.
        IEnumerable<string> FirstReading()
        {
            foreach (var row in _rows.Read())
            {
                _checks.Add(row);
                if (!PairChecks.IsUsable(row))
                    continue;
                _sample.Add(row);
                _mayOverflow |= MayOverflow(row.Source) || MayOverflow(row.Target);
                yield return row.Source;
                if (_tokenization.SharedVocabulary)
                    yield return row.Target;
            }
            isRead = true;
        }
    }

    private SubwordOptions Enlarged()
    {
        var options = _tokenization.Clone();
        if (options.Kind == SubwordKind.BytePairEncoding)
            options.VocabularySize = Math.Max(options.VocabularySize, LargestAdvised);
        return options;
    }

    /// <summary>The vocabulary that training would learn.</summary>
    private SubwordTokenizer Cut(SubwordTokenizer large, Func<TextRow, string> read) => large switch
    {
        BytePairTokenizer pieces => VocabularySizing.Shrink(pieces, _tokenization.VocabularySize) ?? SubwordLearner.Learn(
            _tokenization.SharedVocabulary ? Texts(row => row.Source, row => row.Target) : Texts(read), _tokenization, _cancellation),
        _ => large,
    };

    private IEnumerable<string> Texts(params Func<TextRow, string>[] read) =>
        _rows.Read().Where(PairChecks.IsUsable).SelectMany(row => read.Select(side => side(row)));

    private int? LargestVocabulary(Vocabularies vocabularies)
    {
        if (vocabularies.Large is not BytePairTokenizer large)
            return null;
        long[] counts = new long[large.VocabularySize];
        var tally = new TokenTally(large, counts);
        foreach (var (source, target) in _sample.Rows)
        {
            if (_tokenization.SharedVocabulary)
                tally.Add(source);
            tally.Add(target);
        }
        return VocabularySizing.Largest(large, VocabularySizing.Occurrences(large, counts), VocabularyTally.WellSeen / _sample.Scale);
    }

    /// <summary>No vocabulary makes more tokens of a text than it has bytes, with one for the mark at its beginning.</summary>
    private bool MayOverflow(string text) =>
        Encoding.UTF8.GetMaxByteCount(text.Length) >= _tokenization.MaximumTokens
        && Encoding.UTF8.GetByteCount(_preparation.Apply(text)) >= _tokenization.MaximumTokens;

    private DataFinding? OverLong(Vocabularies vocabularies)
    {
        int limit = _tokenization.MaximumTokens;
        var tally = new RowTally(_options.ExampleRows);
        foreach (var row in _mayOverflow ? _rows.Read().Where(PairChecks.IsUsable) : [])
        {
            int source = Length(vocabularies.Source, row.Source), target = Length(vocabularies.Target, row.Target);
            if (source > limit || target > limit)
                tally.Add(row, source > limit ? $"source of {source} tokens" : $"target of {target} tokens");
        }
        return tally.Finding(
            FindingKind.OverLongText,
            _tokenization.OverflowPolicy == OverflowPolicy.Error ? FindingSeverity.Problem : FindingSeverity.Warning,
            _checks.Rows,
            $"Rows with a text of more than {nameof(SubwordOptions.MaximumTokens)} ({limit}) tokens.",
            _tokenization.OverflowPolicy switch
            {
                OverflowPolicy.Truncate => "OverflowPolicy.Truncate cuts their ends off, and the model learns to stop early: split them, drop them, or raise the limit.",
                OverflowPolicy.Drop => "OverflowPolicy.Drop leaves them out: split them, or raise the limit.",
                _ => "OverflowPolicy.Error stops training: split them, drop them, or raise the limit.",
            });

        int Length(SubwordTokenizer tokenizer, string text) => MayOverflow(text) ? tokenizer.Encode(text).Length : 0;
    }

    private DataFinding NothingToLearn() => new()
    {
        Kind = FindingKind.NothingToLearn,
        Severity = FindingSeverity.Problem,
        Count = _checks.UsableRows,
        Share = _checks.Rows > 0 ? (double)_checks.UsableRows / _checks.Rows : double.NaN,
        Summary = $"No vocabulary of kind {_tokenization.Kind} can be learned: nothing occurs {nameof(SubwordOptions.MinimumFrequency)} ({_tokenization.MinimumFrequency}) times.",
        Advice = "Take more rows, a lower MinimumFrequency, or SubwordKind.BytePairEncoding.",
    };

    /// <param name="Large">The one, or the target's, before it was cut to the size asked for.</param>
    private sealed record Vocabularies(SubwordTokenizer Source, SubwordTokenizer Target, SubwordTokenizer Large);
}
