using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Tokenization;

[assembly: LoadableTransformer(typeof(Microsoft.ML.Seq2Seq.SubwordTransformer), Microsoft.ML.Seq2Seq.SubwordTransformer.LoaderSignature)]

namespace Microsoft.ML.Seq2Seq;

/// <summary>Turns texts into the keys of their subwords. Immutable and safe to use from many threads.</summary>
/// <remarks>Made by <see cref="SubwordEstimator"/>.</remarks>
public sealed class SubwordTransformer : ITransformer, ILoadableTransformer<SubwordTransformer>
{
    internal const string LoaderSignature = "Seq2SeqSubwords";

    private const string VocabularyEntry = "vocabulary.json";

    // 0x00010001: initial
    private static readonly ModelFormat _format = new("SUBWORDS", LoaderSignature, typeof(SubwordTransformer).Assembly.FullName!);

    private readonly IHost _host;
    private readonly string _outputColumn, _inputColumn;
    private readonly SubwordKeys _keys;

    internal SubwordTransformer(IHostEnvironment environment, string outputColumn, string inputColumn, SubwordTokenizer tokenizer)
    {
        _host = environment.Register(nameof(SubwordTransformer));
        _outputColumn = outputColumn;
        _inputColumn = inputColumn;
        _keys = new SubwordKeys(tokenizer);
    }

    /// <summary>True: a <see cref="PredictionEngine{TSrc, TDst}"/> can be made of it.</summary>
    public bool IsRowToRowMapper => true;

    static ModelFormat ILoadableTransformer<SubwordTransformer>.Format => _format;

    static SubwordTransformer ILoadableTransformer<SubwordTransformer>.Load(IHostEnvironment environment, ModelReader reader)
    {
        string output = reader.ReadColumnName(), input = reader.ReadColumnName();
        return new SubwordTransformer(environment, output, input, reader.ReadEntry(VocabularyEntry, SubwordTokenizer.Load));
    }

    /// <summary>The columns after <see cref="Transform"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or isn't text.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Stage(inputSchema).Output;

    /// <summary>Adds the keys. Lazy: a text is cut when its row is read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or isn't text.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new StageView<string, int[]>(_host, input, Stage(input.Schema));
    }

    /// <summary>Maps one row at a time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or isn't text.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new StageMapper<string, int[]>(Stage(inputSchema));

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        // *** Binary format ***
        // string: output column
        // string: input column
        // entry: vocabulary.json
        var writer = new ModelWriter(ctx, _format);
        writer.WriteString(_outputColumn);
        writer.WriteString(_inputColumn);
        writer.WriteEntry(VocabularyEntry, _keys.Tokenizer.Save);
    }

    private SubwordSplitStage Stage(DataViewSchema input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new SubwordSplitStage(_host, input, _outputColumn, _inputColumn, _keys);
    }
}
