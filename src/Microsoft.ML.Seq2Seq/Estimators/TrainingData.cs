using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;
using Microsoft.ML.Seq2Seq.Training;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>
/// The rows of one training run as token ids, with their vocabularies. Texts are read once and kept aside, as bytes, while
/// the vocabulary is learned from them; then they are encoded. Neither texts nor ids are kept as objects, so that data may
/// be larger than memory.
/// </summary>
internal sealed class TrainingData : IDisposable
{
    private const int MostHeldOutRows = 5000;
    private const int EncodedAtOnce = 4096; // rows

    private readonly IHost _host;
    private readonly Seq2SeqTrainerOptions _options;
    private readonly CancellationToken _cancellation;
    private readonly int _seed;
    private readonly string _directory;
    private readonly TextPairs _validationTexts;
    private readonly RowIntake _intake;
    private EncodedPairs _training = new(), _validation = new();
    private TextPairs? _texts; // those of the training rows, if they are needed after encoding

    private TrainingData(IHost host, Seq2SeqTrainerOptions options, int seed)
    {
        _host = host;
        _options = options;
        _seed = seed;
        _cancellation = options.Training.CancellationToken;
        _directory = new HostSettings(host).TempFilePath;
        _intake = new RowIntake(options.Tokenization);
        _validationTexts = new TextPairs(_directory);
    }

    public EncodedPairs Training => _training;

    public EncodedPairs Validation => _validation;

    /// <summary>Whether the rows came as keys of subwords rather than text.</summary>
    public bool AreKeys { get; private set; }

    /// <summary>The validation rows as text.</summary>
    public IReadOnlyList<(string Source, string Target)> ValidationTexts => _validationTexts;

    public TextCodec Codec { get; private set; } = null!;

    /// <summary>Null without BPE-dropout.</summary>
    public SubwordSampling? Sampling { get; private set; }

    public DataStatistics Statistics => new(
        Training.Count, Validation.Count, _intake.Skipped, _intake.Dropped, _intake.Truncated, Training.SourceTokens, Training.TargetTokens,
        Codec.Source.VocabularySize, Codec.Target.VocabularySize)
    {
        RowsRead = _intake.Read,
        TokensCut = _intake.TokensCut,
    };

    /// <summary>Reads each data view once.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">No row has both texts.</exception>
    /// <exception cref="IOException">Rows do not fit on the disk.</exception>
    public static TrainingData Read(IHost host, IDataView training, IDataView? validation, Seq2SeqTrainerOptions options, int seed)
    {
        var data = new TrainingData(host, options, seed);
        try
        {
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
        catch
        {
            data.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _training.Dispose();
        _validation.Dispose();
        _validationTexts.Dispose();
        _texts?.Dispose();
    }

    private bool Check(IDataView data, string parameter) =>
        TrainerColumns.Check(_host, SchemaColumns.ShapeOf(data.Schema), parameter, _options);

    private void AddTexts(IDataView training, IDataView? validation)
    {
        var texts = _texts = new TextPairs(_directory);
        ReadRows(training, TextColumn.Reader, text => text.Length == 0, texts.Add);
        Require(texts.Count);
        if (validation is not null)
            ReadRows(validation, TextColumn.Reader, text => text.Length == 0, _validationTexts.Add);
        else
        {
            int[] heldOut = HoldOut(texts.Count);
            foreach (int row in heldOut)
                _validationTexts.Add(texts[row].Source, texts[row].Target);
            texts.LeaveOut(heldOut);
        }
        // The validation rows stay unseen by the vocabulary, too.
        Codec = Learn(texts);
        var leftOut = Encode(texts, NewPairs(ref _training));
        Encode(_validationTexts, NewPairs(ref _validation));
        if (_options.Tokenization.Dropout > 0)
        {
            texts.LeaveOut(leftOut);
            Sampling = new SubwordSampling(_options.Tokenization.Dropout, Sample);
            return;
        }
        texts.Dispose();
        _texts = null;
    }

    private void AddKeys(IDataView training, IDataView? validation)
    {
        Codec = CodecOf(training.Schema, validation?.Schema);
        NewPairs(ref _training);
        NewPairs(ref _validation);
        ReadRows(training, SubwordKeys.Reader, ids => ids.Length == 0, (source, target) => _intake.Add(source, target, _training));
        Require(_training.Count + _intake.Dropped);
        if (validation is not null)
            ReadRows(validation, SubwordKeys.Reader, ids => ids.Length == 0, AddValidation);
        else
        {
            int[] heldOut = HoldOut(_training.Count);
            foreach (int row in heldOut)
                AddValidation(_training.Source(row), _training.Target(row));
            _training.LeaveOut(heldOut);
        }
        if (_options.Tokenization.Dropout > 0)
            SampleKeys();

        void AddValidation(int[] source, int[] target)
        {
            _intake.Add(source, target, _validation);
            _validationTexts.Add(Codec.Source.Decode(source), Codec.Target.Decode(target));
        }
    }

    /// <summary>Keys carry their vocabulary and so their text, which is cut anew like any other.</summary>
    private void SampleKeys()
    {
        double dropout = _options.Tokenization.Dropout;
        OptionCheck.That(Codec.Source.CanDrop && Codec.Target.CanDrop, nameof(SubwordOptions.Dropout), dropout,
            "0 for keys of a vocabulary that was imported, or that merges nothing");
        _texts = new TextPairs(_directory);
        for (int row = 0; row < _training.Count; row++)
            _texts.Add(Codec.Source.Decode(_training.Source(row)), Codec.Target.Decode(_training.Target(row)));
        Sampling = new SubwordSampling(dropout, Sample);
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

    private EncodedPairs NewPairs(ref EncodedPairs pairs) => pairs = new EncodedPairs(
        Math.Max(Codec.Source.VocabularySize, Codec.Target.VocabularySize), Codec.MaximumTokens, _directory);

    private void ReadRows<T>(
        IDataView data, Func<DataViewRow, DataViewSchema.Column, Func<T>> reader, Predicate<T> isEmpty, Action<T, T> add)
    {
        var source = data.Schema[_options.SourceColumnName];
        var target = data.Schema[_options.LabelColumnName];
        using var cursor = data.GetRowCursor([source, target]);
        Func<T> getSource = reader(cursor, source), getTarget = reader(cursor, target);
        while (cursor.MoveNext())
        {
            _cancellation.ThrowIfCancellationRequested();
            T sourceRow = getSource(), targetRow = getTarget();
            if (_intake.Admits(!isEmpty(sourceRow) && !isEmpty(targetRow)))
                add(sourceRow, targetRow);
        }
    }

    private void Require(int rows)
    {
        if (rows == 0)
            throw new InvalidOperationException(
                $"The training data has no row with text in both '{_options.SourceColumnName}' and '{_options.LabelColumnName}' " +
                $"({_intake.Skipped} rows without).");
    }

    /// <summary>A share of the rows to validate on, in ascending order; which, depends on the seed and the number of rows
    /// alone.</summary>
    private int[] HoldOut(int rows)
    {
        int count = Math.Min(MostHeldOutRows, (int)(_options.ValidationFraction * rows));
        var random = new SplitMix64(SplitMix64.Combine((ulong)_seed, 0x5EED));
        // Floyd's algorithm: every subset of that size is as likely, and no list of all rows is needed.
        var chosen = new SortedSet<int>();
        for (int next = rows - count; next < rows; next++)
        {
            if (!chosen.Add(random.NextBelow(next + 1)))
                chosen.Add(next);
        }
        return [.. chosen];
    }

    private TextCodec Learn(TextPairs rows)
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

    /// <summary>Encodes texts on all threads, and adds them in their order.</summary>
    /// <returns>Which were not added, in ascending order.</returns>
    private List<int> Encode(TextPairs texts, EncodedPairs pairs)
    {
        var leftOut = new List<int>();
        var encoded = new (int[] Source, int[] Target)[Math.Min(EncodedAtOnce, texts.Count)];
        var threads = new ParallelOptions
        {
            CancellationToken = _cancellation,
            MaxDegreeOfParallelism = _options.Training.Threads ?? Environment.ProcessorCount,
        };
        for (int start = 0; start < texts.Count; start += encoded.Length)
        {
            int count = Math.Min(encoded.Length, texts.Count - start);
            Parallel.For(0, count, threads, i =>
            {
                var (source, target) = texts[start + i];
                encoded[i] = (Codec.Source.Encode(source), Codec.Target.Encode(target));
            });
            for (int i = 0; i < count; i++)
            {
                if (!_intake.Add(encoded[i].Source, encoded[i].Target, pairs))
                    leftOut.Add(start + i);
            }
        }
        return leftOut;
    }

    /// <summary>A training row in other subwords, the same for the same epoch.</summary>
    private (int[] Source, int[] Target) Sample(int epoch, int row)
    {
        double dropout = _options.Tokenization.Dropout;
        var random = new SplitMix64(SplitMix64.Combine(
            SplitMix64.Combine(SplitMix64.Combine((ulong)_seed, 0xD20), (ulong)epoch), (ulong)row));
        var (source, target) = _texts![row];
        return (_intake.Cut(Codec.Source.Encode(source, dropout, ref random)), _intake.Cut(Codec.Target.Encode(target, dropout, ref random)));
    }
}
