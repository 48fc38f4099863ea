using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;
using Microsoft.ML.Seq2Seq.Training;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>The rows of one training run as token ids, with their vocabularies.</summary>
internal sealed class TrainingData
{
    private const int MostHeldOutRows = 5000;

    private readonly IHost _host;
    private readonly Seq2SeqTrainerOptions _options;
    private readonly CancellationToken _cancellation;
    private readonly int _seed;
    private int _skipped, _dropped, _truncated;

    private TrainingData(IHost host, Seq2SeqTrainerOptions options, int seed)
    {
        _host = host;
        _options = options;
        _seed = seed;
        _cancellation = options.Training.CancellationToken;
    }

    public EncodedPairs Training { get; } = new();

    public EncodedPairs Validation { get; } = new();

    /// <summary>Whether the rows came as keys of subwords rather than text.</summary>
    public bool AreKeys { get; private set; }

    /// <summary>The validation rows as text.</summary>
    public IReadOnlyList<(string Source, string Target)> ValidationTexts { get; private set; } = [];

    public TextCodec Codec { get; private set; } = null!;

    /// <summary>Null without BPE-dropout.</summary>
    public SubwordSampling? Sampling { get; private set; }

    public DataStatistics Statistics => new(
        Training.Count, Validation.Count, _skipped, _dropped, _truncated, Training.SourceTokens, Training.TargetTokens,
        Codec.Source.VocabularySize, Codec.Target.VocabularySize);

    /// <summary>Reads each data view once.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">No row has both texts.</exception>
    public static TrainingData Read(IHost host, IDataView training, IDataView? validation, Seq2SeqTrainerOptions options, int seed)
    {
        var data = new TrainingData(host, options, seed);
        data.AreKeys = data.Check(training, nameof(training));
        if (validation is not null && data.Check(validation, nameof(validation)) != data.AreKeys)
            throw SchemaColumns.WrongType(host, nameof(validation), "source", options.SourceColumnName,
                "what the training data has", $"{validation.Schema[options.SourceColumnName].Type}");
        if (data.AreKeys)
            data.AddKeys(training, validation);
        else
            data.AddTexts(training, validation);
        if (data.Training.Count == 0)
            throw new InvalidOperationException(
                $"All training rows are longer than {nameof(SubwordOptions.MaximumTokens)} " +
                $"({options.Tokenization.MaximumTokens}) and {nameof(OverflowPolicy)}.{OverflowPolicy.Drop} left them out.");
        return data;
    }

    private bool Check(IDataView data, string parameter) =>
        TrainerColumns.Check(_host, SchemaColumns.ShapeOf(data.Schema), parameter, _options);

    private void AddTexts(IDataView training, IDataView? validation)
    {
        var (rows, heldOut) = ReadRows(training, validation, TextColumn.Reader, text => text.Length == 0);
        // The validation rows stay unseen by the vocabulary, too.
        Codec = Learn(rows);
        var kept = Add(Encode(rows), Training);
        Add(Encode(heldOut), Validation);
        ValidationTexts = heldOut;
        if (_options.Tokenization.Dropout > 0)
        {
            (string, string)[] texts = [.. kept.Select(row => rows[row])];
            Sampling = new SubwordSampling(_options.Tokenization.Dropout, epoch => Sample(texts, epoch));
        }
    }

    private void AddKeys(IDataView training, IDataView? validation)
    {
        Codec = CodecOf(training.Schema, validation?.Schema);
        var (rows, heldOut) = ReadRows(training, validation, SubwordKeys.Reader, ids => ids.Length == 0);
        var kept = Add(rows, Training);
        Add(heldOut, Validation);
        if (_options.Tokenization.Dropout > 0)
            SampleKeys([.. kept.Select(row => rows[row])]);
        ValidationTexts = [.. heldOut.Select(row => (Codec.Source.Decode(row.Source), Codec.Target.Decode(row.Target)))];
    }

    /// <summary>Keys carry their vocabulary and so their text, which is cut anew like any other.</summary>
    private void SampleKeys((int[] Source, int[] Target)[] rows)
    {
        double dropout = _options.Tokenization.Dropout;
        OptionCheck.That(Codec.Source.CanDrop && Codec.Target.CanDrop, nameof(SubwordOptions.Dropout), dropout,
            "0 for keys of a vocabulary that was imported, or that merges nothing");
        (string, string)[] texts = [.. rows.Select(row => (Codec.Source.Decode(row.Source), Codec.Target.Decode(row.Target)))];
        Sampling = new SubwordSampling(dropout, epoch => Sample(texts, epoch));
    }

    /// <summary>The vocabularies that key columns were made with.</summary>
    private TextCodec CodecOf(DataViewSchema training, DataViewSchema? validation)
    {
        SubwordKeys source = Keys("source", _options.SourceColumnName), target = Keys("label", _options.LabelColumnName);
        return new TextCodec(
            source.Tokenizer, source.IsSameVocabulary(target) ? source.Tokenizer : target.Tokenizer,
            _options.Tokenization.MaximumTokens, _options.Tokenization.OverflowPolicy);

        SubwordKeys Keys(string role, string name)
        {
            var keys = SubwordKeys.Of(training[name])!;
            return validation is null || keys.IsVocabularyOf(validation[name])
                ? keys
                : throw SchemaColumns.WrongType(_host, nameof(validation), role, name,
                    "keys of the training data's vocabulary", "keys of another vocabulary");
        }
    }

    private (List<(T Source, T Target)> Rows, List<(T Source, T Target)> HeldOut) ReadRows<T>(
        IDataView training, IDataView? validation,
        Func<DataViewRow, DataViewSchema.Column, Func<T>> reader, Predicate<T> isEmpty)
    {
        var rows = ReadRows(training, reader, isEmpty);
        if (rows.Count == 0)
            throw new InvalidOperationException(
                $"The training data has no row with text in both '{_options.SourceColumnName}' and '{_options.LabelColumnName}' " +
                $"({_skipped} rows without).");
        var heldOut = validation is null ? HoldOut(rows, _options.ValidationFraction, _seed) : ReadRows(validation, reader, isEmpty);
        return (rows, heldOut);
    }

    private List<(T Source, T Target)> ReadRows<T>(
        IDataView data, Func<DataViewRow, DataViewSchema.Column, Func<T>> reader, Predicate<T> isEmpty)
    {
        var source = data.Schema[_options.SourceColumnName];
        var target = data.Schema[_options.LabelColumnName];
        var rows = new List<(T, T)>();
        using var cursor = data.GetRowCursor([source, target]);
        Func<T> getSource = reader(cursor, source), getTarget = reader(cursor, target);
        while (cursor.MoveNext())
        {
            _cancellation.ThrowIfCancellationRequested();
            T sourceRow = getSource(), targetRow = getTarget();
            if (isEmpty(sourceRow) || isEmpty(targetRow))
                _skipped++;
            else
                rows.Add((sourceRow, targetRow));
        }
        return rows;
    }

    /// <summary>Takes a share of the rows away; which, depends on the seed and the number of rows alone.</summary>
    private static List<(T Source, T Target)> HoldOut<T>(List<(T Source, T Target)> rows, double fraction, int seed)
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

    private IEnumerable<(int[] Source, int[] Target)> Encode(List<(string Source, string Target)> rows) =>
        rows.Select(row => (Codec.Source.Encode(row.Source), Codec.Target.Encode(row.Target)));

    /// <summary>The training rows in other subwords, the same for the same epoch.</summary>
    private EncodedPairs Sample((string Source, string Target)[] rows, int epoch)
    {
        double dropout = _options.Tokenization.Dropout;
        int limit = Codec.MaximumTokens;
        var random = new SplitMix64(SplitMix64.Combine(SplitMix64.Combine((ulong)_seed, 0xD20), (ulong)epoch));
        var pairs = new EncodedPairs();
        foreach (var (sourceText, targetText) in rows)
        {
            int[] source = Codec.Source.Encode(sourceText, dropout, ref random), target = Codec.Target.Encode(targetText, dropout, ref random);
            pairs.Add(source.AsSpan(0, Math.Min(limit, source.Length)), target.AsSpan(0, Math.Min(limit, target.Length)));
        }
        return pairs;
    }

    /// <returns>Which of the rows were added.</returns>
    private List<int> Add(IEnumerable<(int[] Source, int[] Target)> rows, EncodedPairs pairs)
    {
        int limit = Codec.MaximumTokens;
        int row = 0;
        var added = new List<int>();
        foreach (var (source, target) in rows)
        {
            row++;
            _cancellation.ThrowIfCancellationRequested();
            if (source.Length == 0 || target.Length == 0)
            {
                _skipped++;
                continue;
            }
            if (source.Length > limit || target.Length > limit)
            {
                if (Codec.Overflow == OverflowPolicy.Error)
                    throw new InvalidOperationException(
                        $"Row {row} of those with text has {source.Length} source and {target.Length} target tokens; allowed by {nameof(SubwordOptions.MaximumTokens)}: " +
                        $"{limit}. {nameof(OverflowPolicy)}.{OverflowPolicy.Truncate} would cut it, {OverflowPolicy.Drop} leave it out.");
                if (Codec.Overflow == OverflowPolicy.Drop)
                {
                    _dropped++;
                    continue;
                }
                _truncated++;
            }
            pairs.Add(source.AsSpan(0, Math.Min(limit, source.Length)), target.AsSpan(0, Math.Min(limit, target.Length)));
            added.Add(row - 1);
        }
        return added;
    }
}
