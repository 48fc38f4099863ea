using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq;

/// <summary>
/// Learns a vocabulary of subwords from text columns, or imports one; the transformer turns each text into the keys of its
/// subwords.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.Transforms.Text.LearnSubwords(…)</c> or <c>ImportSubwords(…)</c>.</para>
/// <para><b>Input and output columns</b></para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>Input</term><description>text</description></item>
/// <item><term>Output</term><description>vector of unknown size of <see cref="KeyDataViewType"/> (UInt32), with
/// <c>KeyValues</c></description></item>
/// </list>
/// <para>Key 1 is the unknown token, which byte-pair encoding never needs; the rest of the vocabulary follows in its
/// order. The special tokens of training have no keys. Null and empty texts become empty vectors. Texts of any length
/// are kept whole: <see cref="SubwordOptions.MaximumTokens"/> and <see cref="SubwordOptions.OverflowPolicy"/> belong to
/// trainers and do nothing here. <c>JoinSubwords</c> gives the text back.</para>
/// <para>Several columns have one vocabulary, learned from all of them, or with
/// <see cref="SubwordOptions.SharedVocabulary"/> false one each. A trainer that gets source and target of one vocabulary
/// can share their embeddings.</para>
/// <para><b>Estimator characteristics</b></para>
/// <list type="table">
/// <item><term>Does this estimator need to look at the data to train its parameters?</term><description>yes, once for each vocabulary that is learned</description></item>
/// <item><term>Required NuGet in addition to Microsoft.ML</term><description>Microsoft.ML.Seq2Seq</description></item>
/// <item><term>Exportable to ONNX</term><description>no</description></item>
/// </list>
/// </remarks>
public sealed class SubwordEstimator : IEstimator<SubwordTransformer>
{
    private readonly IHost _host;
    private readonly InputOutputColumnPair[] _columns;
    private readonly SubwordOptions _options;

    /// <param name="environment">The catalog's.</param>
    /// <param name="columns">Names were checked by <see cref="InputOutputColumnPair"/>, but for white space.</param>
    /// <param name="options">Copied.</param>
    internal SubwordEstimator(IHostEnvironment environment, InputOutputColumnPair[] columns, SubwordOptions options)
    {
        OptionCheck.NotNull(nameof(columns), columns);
        OptionCheck.That(columns.Length > 0, nameof(columns), "empty", "one or more");
        foreach (var column in columns)
        {
            OptionCheck.ColumnName("outputColumnName", column.OutputColumnName);
            OptionCheck.ColumnName("inputColumnName", column.InputColumnName);
        }
        string[] outputs = [.. columns.Select(column => column.OutputColumnName)];
        OptionCheck.That(outputs.Distinct().Count() == outputs.Length, nameof(columns), string.Join(", ", outputs), "output columns of different names");
        options.Validate();
        OptionCheck.That(options.Dropout == 0, nameof(SubwordOptions.Dropout), options.Dropout,
            $"0 in LearnSubwords, where a text has the same keys each time; {nameof(SubwordOptions.Dropout)} of the trainer's options cuts keys anew in every epoch");
        _host = environment.Register(nameof(SubwordEstimator));
        _columns = [.. columns];
        _options = options.Clone();
    }

    /// <summary>Learns the vocabulary, or imports it.</summary>
    /// <param name="input">The rows are read once for each vocabulary that is learned.</param>
    /// <exception cref="ArgumentOutOfRangeException">An input column is missing or isn't text.</exception>
    /// <exception cref="FileNotFoundException">A file to import is missing.</exception>
    /// <exception cref="InvalidDataException">A file to import can't be used; the message names it and says why.</exception>
    /// <exception cref="InvalidOperationException">A kind other than byte-pair encoding found nothing to learn.</exception>
    /// <exception cref="OperationCanceledException">The context was canceled.</exception>
    public SubwordTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        DataViewSchema.Column[] columns = [.. _columns.Select(column => TextColumn.Find(_host, input.Schema, "input", column.InputColumnName))];
        using var channel = _host.Start("Training");
        SubwordTokenizer[] tokenizers = _options.SharedVocabulary
            ? [.. Enumerable.Repeat(Learn(input, columns, channel), columns.Length)]
            : [.. columns.Select(column => Learn(input, [column], channel))];
        return new SubwordTransformer(_host, _columns, tokenizers);
    }

    /// <summary>The columns after <see cref="Fit"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An input column is missing or isn't text.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (var column in _columns)
            TextColumn.Check(_host, inputSchema, nameof(inputSchema), "input", column.InputColumnName);
        return _columns.Aggregate(inputSchema, (schema, column) => SchemaColumns.With(schema, SubwordKeys.Shape(column.OutputColumnName)));
    }

    private SubwordTokenizer Learn(IDataView input, IReadOnlyList<DataViewSchema.Column> columns, IChannel channel)
    {
        var tokenizer = SubwordLearner.Learn(Texts(input, columns), _options, new Cancellation(CancellationToken.None, new HostSettings(_host)));
        channel.Info(MessageSensitivity.None, _options.VocabularyFile is null ? "Learned {0} subwords" : "Imported {0} subwords",
            tokenizer.VocabularySize - SpecialTokens.FirstText);
        return tokenizer;
    }

    private static IEnumerable<string> Texts(IDataView data, IReadOnlyList<DataViewSchema.Column> columns)
    {
        using var cursor = data.GetRowCursor(columns);
        Func<string>[] texts = [.. columns.Select(column => TextColumn.Reader(cursor, column))];
        while (cursor.MoveNext())
        {
            foreach (var text in texts)
                yield return text();
        }
    }
}
