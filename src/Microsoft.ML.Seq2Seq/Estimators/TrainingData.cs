using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>The rows of one training run as token ids, with the vocabularies learned from them.</summary>
internal sealed class TrainingData
{
    private const int MostHeldOutRows = 5000;

    private readonly IHost _host;
    private readonly Seq2SeqTrainerOptions _options;
    private readonly CancellationToken _cancellation;
    private int _skipped, _dropped, _truncated;

    private TrainingData(IHost host, Seq2SeqTrainerOptions options)
    {
        _host = host;
        _options = options;
        _cancellation = options.Training.CancellationToken;
    }

    public EncodedPairs Training { get; } = new();

    public EncodedPairs Validation { get; } = new();

    /// <summary>The validation rows as they were read.</summary>
    public IReadOnlyList<(string Source, string Target)> ValidationTexts { get; private set; } = [];

    public TextCodec Codec { get; private set; } = null!;

    public DataStatistics Statistics => new(
        Training.Count, Validation.Count, _skipped, _dropped, _truncated, Training.SourceTokens, Training.TargetTokens,
        Codec.Source.VocabularySize, Codec.Target.VocabularySize);

    /// <summary>Reads each data view once.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or isn't text.</exception>
    /// <exception cref="InvalidOperationException">No row has both texts.</exception>
    public static TrainingData Read(IHost host, IDataView training, IDataView? validation, Seq2SeqTrainerOptions options, int seed)
    {
        var data = new TrainingData(host, options);
        var rows = data.ReadTexts(training, nameof(training));
        if (rows.Count == 0)
            throw new InvalidOperationException(
                $"The training data has no row with text in both '{options.SourceColumnName}' and '{options.LabelColumnName}' " +
                $"({data._skipped} rows without).");
        var heldOut = validation is null ? HoldOut(rows, options.ValidationFraction, seed) : data.ReadTexts(validation, nameof(validation));
        // The validation rows stay unseen by the vocabulary, too.
        data.Codec = data.Learn(rows);
        data.Encode(rows, data.Training);
        data.Encode(heldOut, data.Validation);
        data.ValidationTexts = heldOut;
        if (data.Training.Count == 0)
            throw new InvalidOperationException(
                $"All {rows.Count} training rows are longer than {nameof(SubwordOptions.MaximumTokens)} " +
                $"({options.Tokenization.MaximumTokens}) and {nameof(OverflowPolicy)}.{OverflowPolicy.Drop} left them out.");
        return data;
    }

    private List<(string Source, string Target)> ReadTexts(IDataView data, string parameter)
    {
        TrainerColumns.Check(_host, SchemaColumns.ShapeOf(data.Schema), parameter, _options);
        var source = data.Schema[_options.SourceColumnName];
        var target = data.Schema[_options.LabelColumnName];
        var rows = new List<(string, string)>();
        using var cursor = data.GetRowCursor([source, target]);
        var getSource = cursor.GetGetter<ReadOnlyMemory<char>>(source);
        var getTarget = cursor.GetGetter<ReadOnlyMemory<char>>(target);
        ReadOnlyMemory<char> sourceText = default, targetText = default;
        while (cursor.MoveNext())
        {
            _cancellation.ThrowIfCancellationRequested();
            getSource(ref sourceText);
            getTarget(ref targetText);
            if (sourceText.IsEmpty || targetText.IsEmpty)
                _skipped++;
            else
                rows.Add((sourceText.ToString(), targetText.ToString()));
        }
        return rows;
    }

    /// <summary>Takes a share of the rows away; which, depends on the seed and the number of rows alone.</summary>
    private static List<(string Source, string Target)> HoldOut(List<(string Source, string Target)> rows, double fraction, int seed)
    {
        int count = Math.Min(MostHeldOutRows, (int)(fraction * rows.Count));
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        var random = new SplitMix64(SplitMix64.Combine((ulong)seed, 0x5EED));
        random.Shuffle(order.AsSpan());
        var chosen = order.Take(count).ToHashSet();
        var heldOut = rows.Where((_, i) => chosen.Contains(i)).ToList();
        int next = 0;
        rows.RemoveAll(_ => chosen.Contains(next++));
        return heldOut;
    }

    private TextCodec Learn(List<(string Source, string Target)> rows)
    {
        var options = _options.Tokenization;
        SubwordTokenizer source, target;
        if (options.SharedVocabulary)
        {
            source = target = SubwordLearner.Learn(rows.SelectMany(row => new[] { row.Source, row.Target }), options, _cancellation);
        }
        else
        {
            source = SubwordLearner.Learn(rows.Select(row => row.Source), options, _cancellation);
            target = SubwordLearner.Learn(rows.Select(row => row.Target), options, _cancellation);
        }
        return new TextCodec(source, target, options.MaximumTokens, options.OverflowPolicy);
    }

    private void Encode(List<(string Source, string Target)> rows, EncodedPairs pairs)
    {
        int limit = Codec.MaximumTokens;
        for (int row = 0; row < rows.Count; row++)
        {
            var (sourceText, targetText) = rows[row];
            _cancellation.ThrowIfCancellationRequested();
            int[] source = Codec.Source.Encode(sourceText), target = Codec.Target.Encode(targetText);
            if (source.Length == 0 || target.Length == 0)
            {
                _skipped++;
                continue;
            }
            if (source.Length > limit || target.Length > limit)
            {
                if (Codec.Overflow == OverflowPolicy.Error)
                    throw new InvalidOperationException(
                        $"Row {row + 1} of those with text has {source.Length} source and {target.Length} target tokens; allowed by {nameof(SubwordOptions.MaximumTokens)}: " +
                        $"{limit}. {nameof(OverflowPolicy)}.{OverflowPolicy.Truncate} would cut it, {OverflowPolicy.Drop} leave it out.");
                if (Codec.Overflow == OverflowPolicy.Drop)
                {
                    _dropped++;
                    continue;
                }
                _truncated++;
            }
            pairs.Add(source.AsSpan(0, Math.Min(limit, source.Length)), target.AsSpan(0, Math.Min(limit, target.Length)));
        }
    }
}
