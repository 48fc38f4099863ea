using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq;

/// <summary>
/// Learns a vocabulary of subwords from a text column; the transformer turns each text into the keys of its subwords.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.Transforms.Text.LearnSubwords(…)</c>.</para>
/// <para><b>Input and output columns</b></para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>Input</term><description>text</description></item>
/// <item><term>Output</term><description>vector of unknown size of <see cref="KeyDataViewType"/> (UInt32), with
/// <c>KeyValues</c></description></item>
/// </list>
/// <para>Key 1 is the unknown token, which byte-pair encoding never needs; the rest of the vocabulary follows in its
/// order. The special tokens of training have no keys. Null and empty texts become empty vectors. Texts of any length
/// are kept whole: <see cref="SubwordOptions.MaximumTokens"/>, <see cref="SubwordOptions.OverflowPolicy"/> and
/// <see cref="SubwordOptions.SharedVocabulary"/> belong to trainers and do nothing here. <c>JoinSubwords</c> gives the
/// text back.</para>
/// <para><b>Estimator characteristics</b></para>
/// <list type="table">
/// <item><term>Does this estimator need to look at the data to train its parameters?</term><description>yes, once</description></item>
/// <item><term>Required NuGet in addition to Microsoft.ML</term><description>Microsoft.ML.Seq2Seq</description></item>
/// <item><term>Exportable to ONNX</term><description>no</description></item>
/// </list>
/// </remarks>
public sealed class SubwordEstimator : IEstimator<SubwordTransformer>
{
    private readonly IHost _host;
    private readonly string _outputColumn, _inputColumn;
    private readonly SubwordOptions _options;

    internal SubwordEstimator(IHostEnvironment environment, string outputColumnName, string inputColumnName, SubwordOptions options)
    {
        OptionCheck.NotEmpty(nameof(outputColumnName), outputColumnName);
        OptionCheck.NotEmpty(nameof(inputColumnName), inputColumnName);
        options.Validate();
        OptionCheck.That(options.Dropout == 0, nameof(SubwordOptions.Dropout), options.Dropout,
            "0 in LearnSubwords, where a text has the same keys each time");
        _host = environment.Register(nameof(SubwordEstimator));
        _outputColumn = outputColumnName;
        _inputColumn = inputColumnName;
        _options = options.Clone();
    }

    /// <summary>Learns the vocabulary.</summary>
    /// <param name="input">The rows are read once.</param>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or isn't text.</exception>
    /// <exception cref="InvalidOperationException">A kind other than byte-pair encoding found nothing to learn.</exception>
    public SubwordTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var column = TextColumn.Find(_host, input.Schema, "input", _inputColumn);
        using var channel = _host.Start("Training");
        var tokenizer = SubwordLearner.Learn(Texts(input, column), _options);
        channel.Info(MessageSensitivity.None, "Learned {0} subwords", tokenizer.VocabularySize - SpecialTokens.FirstText);
        return new SubwordTransformer(_host, _outputColumn, _inputColumn, tokenizer);
    }

    /// <summary>The columns after <see cref="Fit"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or isn't text.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        TextColumn.Check(_host, inputSchema, nameof(inputSchema), "input", _inputColumn);
        return SchemaColumns.With(inputSchema, SubwordKeys.Shape(_outputColumn));
    }

    private IEnumerable<string> Texts(IDataView data, DataViewSchema.Column column)
    {
        var settings = new HostSettings(_host);
        using var cursor = data.GetRowCursor([column]);
        var text = TextColumn.Reader(cursor, column);
        while (cursor.MoveNext())
        {
            if (settings.IsCanceled)
                throw new OperationCanceledException("Learning was canceled.");
            yield return text();
        }
    }
}
