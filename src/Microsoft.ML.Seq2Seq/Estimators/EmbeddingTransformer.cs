using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Estimators;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;

[assembly: LoadableTransformer(typeof(Microsoft.ML.Seq2Seq.EmbeddingTransformer), Microsoft.ML.Seq2Seq.EmbeddingTransformer.LoaderSignature)]

namespace Microsoft.ML.Seq2Seq;

/// <summary>
/// Turns texts into vectors by the encoder of a trained model. Immutable and safe to use from many threads; a vector
/// depends on nothing but the row's own text.
/// </summary>
/// <remarks>Made by <see cref="EmbeddingEstimator"/>. It shares the model's weights, which are freed when the last that
/// uses them is disposed; saved, it holds the whole model.</remarks>
public sealed class EmbeddingTransformer : ITransformer, IDisposable, ILoadableTransformer<EmbeddingTransformer>
{
    internal const string LoaderSignature = "Seq2SeqEmbedding";

    // 0x00010001: initial
    // 0x00010002: the model may be quantised
    private static readonly ModelFormat _format =
        new("SEQ2SEQE", LoaderSignature, typeof(EmbeddingTransformer).Assembly, Written: 0x00010002, ReadableBy: 0x00010002);

    private readonly IHost _host;
    private readonly TextGenerator _generator;
    private readonly ModelConfiguration _configuration;
    private readonly TrainingReport _report;
    private readonly EmbeddingColumns _columns;
    private readonly TextEmbedder _embedder;
    private readonly SubwordKeys _keys;
    private int _disposed;

    internal EmbeddingTransformer(
        IHostEnvironment environment, TextGenerator generator, ModelConfiguration configuration, TrainingReport report, EmbeddingColumns columns)
    {
        _host = environment.Register(nameof(EmbeddingTransformer));
        _generator = generator;
        _configuration = configuration;
        _report = report;
        _columns = columns;
        _keys = new SubwordKeys(generator.Codec.Source);
        generator.Weights.AddOwner();
        _embedder = new TextEmbedder(generator, columns.Pooling);
    }

    /// <summary>True: a <see cref="PredictionEngine{TSrc, TDst}"/> can be made of it.</summary>
    public bool IsRowToRowMapper => true;

    static ModelFormat ILoadableTransformer<EmbeddingTransformer>.Format => _format;

    static EmbeddingTransformer ILoadableTransformer<EmbeddingTransformer>.Load(IHostEnvironment environment, ModelReader reader)
    {
        var columns = new EmbeddingColumns(reader.ReadColumnName(), reader.ReadColumnName(), (EmbeddingPooling)reader.ReadInt32());
        if (!Enum.IsDefined(columns.Pooling))
            throw new InvalidDataException($"The model file has the pooling {(int)columns.Pooling}, which doesn't exist.");
        var host = environment.Register(nameof(EmbeddingTransformer));
        var (generator, configuration, report) = ModelFile.Read(host, reader);
        return new EmbeddingTransformer(environment, generator, configuration, report, columns);
    }

    /// <summary>The columns after <see cref="Transform"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or of another type.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Stage(inputSchema).Output;

    /// <summary>Adds the vectors. Lazy: rows are read ahead and encoded in batches, as a cursor moves on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or of another type.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new StageView<GenerationRequest, float[]>(_host, input, Stage(input.Schema));
    }

    /// <summary>Maps one row at a time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or of another type.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) =>
        new StageMapper<GenerationRequest, float[]>(Stage(inputSchema));

    /// <summary>Lets go of the weights; they are freed once every transformer that shares them has done so.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _generator.Weights.RemoveOwner();
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        // *** Binary format ***
        // string: output column
        // string: input column
        // int: pooling
        // the model, as ModelFile writes it
        var writer = new ModelWriter(ctx, ModelFile.FormatOf(_format, _configuration));
        writer.WriteString(_columns.Output);
        writer.WriteString(_columns.Input);
        writer.WriteInt32((int)_columns.Pooling);
        ModelFile.Write(writer, _generator, _configuration, _report);
    }

    private EmbeddingStage Stage(DataViewSchema input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new EmbeddingStage(_host, input, _columns.Output, _columns.Input, _keys, _embedder);
    }
}

/// <summary>What an embedding reads and adds.</summary>
internal sealed record EmbeddingColumns(string Output, string Input, EmbeddingPooling Pooling);
