using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Estimators;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Persistence;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Runtime;

[assembly: LoadableTransformer(typeof(Microsoft.ML.Seq2Seq.Seq2SeqTransformer), ModelFile.LoaderSignature)]

namespace Microsoft.ML.Seq2Seq;

/// <summary>
/// A trained encoder-decoder that reads one text and writes another. Immutable and safe to use from many threads; its
/// output depends on nothing but the row's own text.
/// </summary>
/// <remarks>
/// <see cref="Transform"/> reads ahead, decodes rows of like length together and gives them back in order. Dispose it to
/// free its weights at once; transformers made of one another by <see cref="WithDecoding"/> share them until the last
/// is disposed.
/// </remarks>
public sealed class Seq2SeqTransformer : ITransformer, IDisposable, ILoadableTransformer<Seq2SeqTransformer>
{
    private readonly IHost _host;
    private readonly TextGenerator _generator;
    private readonly ModelConfiguration _configuration;
    private readonly SubwordKeys _sourceKeys, _targetKeys;
    private readonly Lazy<DecodingPlan> _plan;
    private int _disposed;

    internal Seq2SeqTransformer(IHostEnvironment environment, TextGenerator generator, ModelConfiguration configuration, TrainingReport report)
    {
        _host = environment.Register(nameof(Seq2SeqTransformer));
        _generator = generator;
        _configuration = configuration;
        _sourceKeys = new SubwordKeys(generator.Codec.Source);
        _targetKeys = new SubwordKeys(generator.Codec.Target);
        _plan = new(() => generator.Codec.Plan(configuration.Decoding) with { Calibration = configuration.Calibration });
        Report = report;
        generator.Weights.AddOwner();
    }

    /// <summary>What <c>Fit</c> saw and did. It travels with the saved model.</summary>
    public TrainingReport Report { get; }

    /// <summary>A copy of the options that the model decodes with: change it and hand it to
    /// <see cref="WithDecoding"/>.</summary>
    public DecodingOptions Decoding => _configuration.Decoding.Clone();

    /// <summary>How its confidences were learned by <see cref="Seq2SeqCatalog.Calibrate"/>; null where they were not.</summary>
    public ConfidenceCalibration? Calibration => _configuration.Calibration;

    /// <summary>True: a <see cref="PredictionEngine{TSrc, TDst}"/> can be made of it.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The model, for stages that share its weights.</summary>
    internal TextGenerator Generator => _generator;

    internal ModelConfiguration Configuration => _configuration;

    static ModelFormat ILoadableTransformer<Seq2SeqTransformer>.Format => ModelFile.Format;

    static Seq2SeqTransformer ILoadableTransformer<Seq2SeqTransformer>.Load(IHostEnvironment environment, ModelReader reader)
    {
        var host = environment.Register(nameof(Seq2SeqTransformer));
        var (generator, configuration, report) = ModelFile.Read(host, reader);
        return new Seq2SeqTransformer(environment, generator, configuration, report);
    }

    /// <summary>The same model with other decoding options; it shares the weights.</summary>
    /// <exception cref="ArgumentException">An option is out of range, or adds a column that has the
    /// name of another.</exception>
    /// <exception cref="NotSupportedException">The model can't predict in <see cref="DecodingOptions.Precision"/>.</exception>
    public Seq2SeqTransformer WithDecoding(DecodingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        Validate(options);
        OutputNames.Validate(_configuration.Columns, options, Calibration?.ColumnName);
        return new Seq2SeqTransformer(_host, _generator, _configuration with { Decoding = options.Clone() }, Report);
    }

    /// <summary>The same model with its weights rounded: its file and what it takes of memory are a quarter or half of
    /// float32's, it is faster, and it writes nearly the same. Embeddings and the matrices of all layers are rounded, each
    /// output's weights on a scale of their own; norms and biases stay float32. It has weights of its own, predicts on the
    /// CPU, and is saved like any other.</summary>
    /// <param name="precision">Default <see cref="InferencePrecision.Int8"/>: the smallest, and the fastest on processors with
    /// instructions for it. <see cref="InferencePrecision.BFloat16"/> rounds less. What was rounded once stays so:
    /// <see cref="InferencePrecision.Float32"/> gives a model that was quantised its speed in float32, not its old
    /// weights.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="precision"/> is
    /// <see cref="InferencePrecision.Auto"/>.</exception>
    /// <exception cref="NotSupportedException">The model is recurrent.</exception>
    public Seq2SeqTransformer Quantize(InferencePrecision precision = InferencePrecision.Int8)
    {
        OptionCheck.Defined(nameof(precision), precision);
        OptionCheck.That(precision != InferencePrecision.Auto, nameof(precision), precision, "a precision");
        using var lease = _generator.Weights.Lease();
        var generator = new TextGenerator(new SharedModel(lease.Model.Quantize(precision)), _generator.Codec, TorchSharp.torch.CPU);
        return new Seq2SeqTransformer(_host, generator, _configuration with { Precision = precision }, Report);
    }

    /// <summary>What the model writes for a text.</summary>
    /// <param name="source">The text; null or empty gives an empty text with a score of NaN.</param>
    /// <param name="options">Null: the model's own.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public Generation Generate(string source, DecodingOptions? options = null) =>
        _generator.Generate([new GenerationRequest(source)], Plan(options))[0];

    /// <summary>What the model writes for each of several texts, in their order; texts of like length are decoded
    /// together, and as many batches side by side as libtorch has threads.</summary>
    /// <param name="sources">The texts; null and empty ones give an empty text with a score of NaN.</param>
    /// <param name="options">Null: the model's own.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public IReadOnlyList<Generation> Generate(IEnumerable<string> sources, DecodingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(sources);
        return _generator.Generate([.. sources.Select(source => new GenerationRequest(source))], Plan(options));
    }

    /// <summary>What the model writes for a text, piece by piece: each comes as soon as it is sure, and joined they are
    /// what <see cref="Generate(string, DecodingOptions?)"/> gives. Greedy search and sampling give one subword after the
    /// other; a beam waits until its hypotheses agree.</summary>
    /// <param name="source">The text; null or empty gives no piece.</param>
    /// <param name="options">Null: the model's own.</param>
    /// <param name="ct">Stops the search; leaving the enumeration does so too.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public IAsyncEnumerable<string> GenerateStreaming(string source, DecodingOptions? options = null, CancellationToken ct = default) =>
        TextStream.Generate(_generator, source, Plan(options), ct);

    /// <summary>Makes something that answers many callers at a time by decoding their texts in batches: for web services. It
    /// shares the weights, and keeps them until it is disposed.</summary>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public Seq2SeqBatcher CreateBatcher(Seq2SeqBatcherOptions? options = null)
    {
        options ??= new Seq2SeqBatcherOptions();
        options.Validate();
        var plan = Plan(options.Decoding);
        _generator.Weights.AddOwner();
        return new Seq2SeqBatcher(
            (requests, workers, stop) => _generator.Generate(requests, plan, workers: workers, cancellation: stop),
            SideBySide.Threads(_generator.Device), options, _generator.Weights.RemoveOwner);
    }

    /// <summary>log P(target | source), natural logarithm: the sum over the target's tokens and the end. NaN for an
    /// empty source, and for one that is over-long and not to be cut.</summary>
    public IReadOnlyList<float> Score(IEnumerable<(string Source, string Target)> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var requests = pairs.Select(pair => (new GenerationRequest(pair.Source), pair.Target));
        return [.. PairScorer.Score(_generator, requests, _configuration.Decoding.Precision).Select(score => (float)score.LogProbability)];
    }

    /// <summary>Writes the weights alone, by name, in the safetensors format: as they are, integers with their scales
    /// beside them.</summary>
    /// <param name="safetensorsPath">A file, or a link to one; replaced only when the new one is complete.</param>
    public void SaveWeights(string safetensorsPath)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(safetensorsPath);
        using var lease = _generator.Weights.Lease();
        AtomicFile.Write(safetensorsPath, stream => SafeTensors.Write(stream, lease.Model.Contents()));
    }

    /// <summary>The columns after <see cref="Transform"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The source column is missing, or neither text nor the keys of
    /// the model's own subwords.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Stage(inputSchema).Output;

    /// <summary>Adds the prediction and its score. Lazy: rows are decoded, in batches, as a cursor moves on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The source column is missing, or neither text nor the keys of
    /// the model's own subwords.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new StageView<GenerationRequest, Generation>(_host, input, Stage(input.Schema));
    }

    /// <summary>Maps one row at a time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The source column is missing, or neither text nor the keys of
    /// the model's own subwords.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) =>
        new StageMapper<GenerationRequest, Generation>(Stage(inputSchema));

    /// <summary>Lets go of the weights; they are freed once every transformer that shares them has done so.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _generator.Weights.RemoveOwner();
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) =>
        ModelFile.Write(new ModelWriter(ctx, ModelFile.FormatOf(ModelFile.Format, _configuration)), _generator, _configuration, Report);

    /// <summary>The same model with confidences; it shares the weights.</summary>
    internal Seq2SeqTransformer WithCalibration(ConfidenceCalibration calibration)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return new Seq2SeqTransformer(_host, _generator, _configuration with { Calibration = calibration }, Report);
    }

    /// <summary>What it does with data of a schema.</summary>
    internal GenerationStage Stage(DataViewSchema input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new GenerationStage(_host, input, _configuration.Columns, _sourceKeys, _configuration.WritesKeys ? _targetKeys : null,
            _generator, _plan.Value);
    }

    private DecodingPlan Plan(DecodingOptions? options)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (options is null)
            return _plan.Value;
        Validate(options);
        return _generator.Codec.Plan(options.Clone()) with { Calibration = _configuration.Calibration };
    }

    private void Validate(DecodingOptions options)
    {
        options.Validate();
        _configuration.Architecture.Validate(options);
        using var lease = _generator.Weights.Lease();
        lease.Model.Require(options.Precision);
    }
}
