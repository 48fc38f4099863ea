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
    private const int EncodedAtOnce = 4096; // rows

    private readonly IHost _host;
    private readonly Seq2SeqTrainerOptions _options;
    private readonly Cancellation _cancellation;
    private readonly int _seed;
    private readonly string _directory;
    private readonly TextPairs _validationTexts;
    private readonly RowIntake _intake;
    private EncodedPairs _training = new(), _validation = new();
    private TextPairs? _texts; // those of the training rows, if they are needed after encoding

    private TrainingData(IHost host, Seq2SeqTrainerOptions options, int seed, Cancellation cancellation)
    {
        _host = host;
        _options = options;
        _seed = seed;
        _cancellation = cancellation;
        _directory = new HostSettings(host).TempFilePath;
        _intake = new RowIntake(options);
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
    /// <exception cref="InvalidOperationException">No row is left to train on, or one is too long and not to be cut or left
    /// out.</exception>
    /// <exception cref="IOException">Rows do not fit on the disk.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static TrainingData Read(
        IHost host, IDataView training, IDataView? validation, Seq2SeqTrainerOptions options, int seed, Cancellation cancellation = default)
    {
        var data = new TrainingData(host, options, seed, cancellation);
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
        ReadTexts(training, texts);
        _intake.Require(texts.Count);
        var validationPlace = AddValidationTexts(validation, texts);
        // The validation rows stay unseen by the vocabulary, too.
        Codec = Learn(texts);
        var leftOut = Encode(texts, NewPairs(ref _training), pair => RowPlace.Training(texts.Stored(pair) + 1));
        _intake.Require(_training.Count);
        _validationTexts.LeaveOut(Encode(_validationTexts, NewPairs(ref _validation), validationPlace));
        if (_options.Tokenization.Dropout > 0)
        {
            texts.LeaveOut(leftOut);
            Sampling = new SubwordSampling(_options.Tokenization.Dropout, Sample);
            return;
        }
        texts.Dispose();
        _texts = null;
    }

    /// <summary>Reads the validation rows, or holds some of the training rows out.</summary>
    /// <returns>Where each comes from.</returns>
    private Func<int, RowPlace> AddValidationTexts(IDataView? validation, TextPairs training)
    {
        if (validation is not null)
        {
            ReadTexts(validation, _validationTexts);
            return pair => RowPlace.Validation(_validationTexts.Stored(pair) + 1);
        }
        int[] heldOut = HoldOut(training.Count), rows = [.. heldOut.Select(training.Stored)];
        foreach (int pair in heldOut)
            _validationTexts.Add(training[pair].Source, training[pair].Target);
        training.LeaveOut(heldOut);
        return pair => RowPlace.Training(rows[pair] + 1);
    }

    /// <summary>Stores every row, so that its number is that of its pair, and leaves out those with nothing on one of their
    /// sides.</summary>
    private void ReadTexts(IDataView data, TextPairs texts)
    {
        var incomplete = new List<int>();
        foreach (var (number, source, target) in Rows(data, TextColumn.Reader))
        {
            if (_intake.Admits(source.Length, target.Length))
            {
                texts.Add(source, target);
                continue;
            }
            texts.Add("", "");
            incomplete.Add(number - 1);
        }
        texts.LeaveOut(incomplete);
    }

    private void AddKeys(IDataView training, IDataView? validation)
    {
        Codec = CodecOf(training.Schema, validation?.Schema);
        NewPairs(ref _training);
        NewPairs(ref _validation);
        foreach (var (number, source, target) in Rows(training, SubwordKeys.Reader))
            Add(source, target, _training, RowPlace.Training(number));
        _intake.Require(_training.Count);
        if (validation is not null)
        {
            foreach (var (number, source, target) in Rows(validation, SubwordKeys.Reader))
            {
                if (Add(source, target, _validation, RowPlace.Validation(number)))
                    AddText(source, target, _validationTexts);
            }
        }
        else
        {
            int[] heldOut = HoldOut(_training.Count);
            foreach (int pair in heldOut)
            {
                int[] source = _training.Source(pair), target = _training.Target(pair);
                _validation.Add(source, target);
                AddText(source, target, _validationTexts);
            }
            _training.LeaveOut(heldOut);
        }
        if (_options.Tokenization.Dropout > 0)
            SampleKeys();

        bool Add(int[] source, int[] target, EncodedPairs pairs, RowPlace place) =>
            _intake.Admits(source.Length, target.Length) && _intake.Add(source, target, pairs, place);
    }

    private void AddText(int[] source, int[] target, TextPairs texts) => texts.Add(Codec.Source.Decode(source), Codec.Target.Decode(target));

    /// <summary>Keys carry their vocabulary and so their text, which is cut anew like any other.</summary>
    private void SampleKeys()
    {
        double dropout = _options.Tokenization.Dropout;
        OptionCheck.That(Codec.Source.CanDrop && Codec.Target.CanDrop, nameof(SubwordOptions.Dropout), dropout,
            "0 for keys of a vocabulary that was imported, or that merges nothing");
        _texts = new TextPairs(_directory);
        for (int row = 0; row < _training.Count; row++)
        {
            _cancellation.ThrowIfRequested();
            AddText(_training.Source(row), _training.Target(row), _texts);
        }
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

    /// <summary>All rows with their numbers, counted from 1.</summary>
    private IEnumerable<(int Number, T Source, T Target)> Rows<T>(IDataView data, Func<DataViewRow, DataViewSchema.Column, Func<T>> reader)
    {
        var source = data.Schema[_options.SourceColumnName];
        var target = data.Schema[_options.LabelColumnName];
        using var cursor = data.GetRowCursor([source, target]);
        Func<T> getSource = reader(cursor, source), getTarget = reader(cursor, target);
        for (int number = 1; cursor.MoveNext(); number++)
        {
            _cancellation.ThrowIfRequested();
            yield return (number, getSource(), getTarget());
        }
    }

    private int[] HoldOut(int rows) => HeldOutRows.Choose(rows, _options.ValidationFraction, _seed);

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
    private List<int> Encode(TextPairs texts, EncodedPairs pairs, Func<int, RowPlace> place)
    {
        var leftOut = new List<int>();
        var encoded = new (int[] Source, int[] Target)[Math.Min(EncodedAtOnce, texts.Count)];
        var threads = new ParallelOptions { MaxDegreeOfParallelism = _options.Training.Threads ?? Environment.ProcessorCount };
        for (int start = 0; start < texts.Count; start += encoded.Length)
        {
            int count = Math.Min(encoded.Length, texts.Count - start);
            Parallel.For(0, count, threads, (i, loop) =>
            {
                if (_cancellation.IsRequested)
                    loop.Stop();
                var (source, target) = texts[start + i];
                encoded[i] = (Codec.Source.Encode(source), Codec.Target.Encode(target));
            });
            _cancellation.ThrowIfRequested();
            for (int i = 0; i < count; i++)
            {
                if (!_intake.Add(encoded[i].Source, encoded[i].Target, pairs, place(start + i)))
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
