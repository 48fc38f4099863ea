using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Tokenization;

[assembly: LoadableTransformer(typeof(Microsoft.ML.Seq2Seq.SubwordTransformer), Microsoft.ML.Seq2Seq.SubwordTransformer.LoaderSignature)]

namespace Microsoft.ML.Seq2Seq;

/// <summary>Turns texts into the keys of their subwords. Immutable and safe to use from many threads.</summary>
/// <remarks>Made by <see cref="SubwordEstimator"/>. Of several columns those are mapped that the data has, one at least:
/// rows to predict have no target.</remarks>
public sealed class SubwordTransformer : ITransformer, ILoadableTransformer<SubwordTransformer>
{
    internal const string LoaderSignature = "Seq2SeqSubwords";

    private const string VocabularyEntry = "vocabulary.json";
    private const int MostColumns = 10_000;

    // 0x00010001: initial
    // 0x00010002: several columns
    private static readonly ModelFormat _format = new(
        "SUBWORDS", LoaderSignature, typeof(SubwordTransformer).Assembly, Written: 0x00010002, ReadableBy: 0x00010002);

    private readonly IHost _host;
    private readonly SubwordColumn[] _columns;

    /// <param name="environment">The estimator's.</param>
    /// <param name="columns">One or more.</param>
    /// <param name="tokenizers">Of each column; the same instance where the vocabulary is shared.</param>
    internal SubwordTransformer(
        IHostEnvironment environment, IReadOnlyList<InputOutputColumnPair> columns, IReadOnlyList<SubwordTokenizer> tokenizers)
    {
        _host = environment.Register(nameof(SubwordTransformer));
        var keys = tokenizers.Distinct().ToDictionary(tokenizer => tokenizer, tokenizer => new SubwordKeys(tokenizer));
        _columns = [.. columns.Zip(tokenizers, (pair, tokenizer) => new SubwordColumn(pair.OutputColumnName, pair.InputColumnName, keys[tokenizer]))];
    }

    /// <summary>True: a <see cref="PredictionEngine{TSrc, TDst}"/> can be made of it.</summary>
    public bool IsRowToRowMapper => true;

    static ModelFormat ILoadableTransformer<SubwordTransformer>.Format => _format;

    static SubwordTransformer ILoadableTransformer<SubwordTransformer>.Load(IHostEnvironment environment, ModelReader reader)
    {
        bool isShared = true;
        int count = 1;
        if (reader.Version >= 0x00010002)
        {
            isShared = reader.ReadInt32() != 0;
            count = reader.ReadInt32();
            if (count is < 1 or > MostColumns)
                throw new InvalidDataException($"The model file has subwords of {count} columns; allowed: 1 to {MostColumns}.");
        }
        var columns = new InputOutputColumnPair[count];
        for (int i = 0; i < count; i++)
        {
            string output = reader.ReadColumnName();
            columns[i] = new InputOutputColumnPair(output, reader.ReadColumnName());
        }
        var tokenizers = new SubwordTokenizer[count];
        for (int i = 0; i < count; i++)
            tokenizers[i] = isShared && i > 0 ? tokenizers[0] : reader.ReadEntry(Entry(isShared, i), SubwordTokenizer.Load);
        return new SubwordTransformer(environment, columns, tokenizers);
    }

    /// <summary>The columns after <see cref="Transform"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An input column isn't text, or none is there.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Stage(inputSchema).Output;

    /// <summary>Adds the keys. Lazy: a text is cut when its row is read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An input column isn't text, or none is there.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new StageView<string[], int[][]>(_host, input, Stage(input.Schema));
    }

    /// <summary>Maps one row at a time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An input column isn't text, or none is there.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new StageMapper<string[], int[][]>(Stage(inputSchema));

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        // *** Binary format ***
        // int: 1 where the columns share one vocabulary, else 0
        // int: number of columns
        // for each column
        //   string: output column
        //   string: input column
        // entries: vocabulary.json, or vocabulary_0.json, vocabulary_1.json …
        var writer = new ModelWriter(ctx, _format);
        bool isShared = _columns.All(column => column.Keys == _columns[0].Keys);
        writer.WriteInt32(isShared ? 1 : 0);
        writer.WriteInt32(_columns.Length);
        foreach (var column in _columns)
        {
            writer.WriteString(column.Output);
            writer.WriteString(column.Input);
        }
        for (int i = 0; i < (isShared ? 1 : _columns.Length); i++)
            writer.WriteEntry(Entry(isShared, i), _columns[i].Keys.Tokenizer.Save);
    }

    private static string Entry(bool isShared, int column) => isShared ? VocabularyEntry : $"vocabulary_{column}.json";

    private SubwordSplitStage Stage(DataViewSchema input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new SubwordSplitStage(_host, input, _columns);
    }
}
