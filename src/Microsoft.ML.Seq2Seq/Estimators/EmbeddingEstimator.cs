using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>Turns texts into vectors by the encoder of a trained model, so that other trainers can learn from them.</summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.Seq2Seq.Transforms.Embed(…)</c>.</para>
/// <para><b>Input and output columns</b></para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>Input</term><description>text, or keys made by <c>LearnSubwords</c> with the model's source
/// vocabulary</description></item>
/// <item><term>Output</term><description>vector of known size of <see cref="float"/>: the encoder's states pooled over the
/// text's tokens, the end token left out</description></item>
/// </list>
/// <para>Null and empty texts become zeros. Over-long texts follow the model's
/// <see cref="SubwordOptions.OverflowPolicy"/>: they are cut, or become zeros.</para>
/// <para><b>Estimator characteristics</b></para>
/// <list type="table">
/// <item><term>Does this estimator need to look at the data to train its parameters?</term><description>no</description></item>
/// <item><term>Required NuGet in addition to Microsoft.ML</term><description>Microsoft.ML.Seq2Seq</description></item>
/// <item><term>Exportable to ONNX</term><description>no</description></item>
/// </list>
/// </remarks>
public sealed class EmbeddingEstimator : IEstimator<EmbeddingTransformer>
{
    private readonly IHost _host;
    private readonly Seq2SeqTransformer _model;
    private readonly EmbeddingColumns _columns;

    internal EmbeddingEstimator(
        IHostEnvironment environment, Seq2SeqTransformer model, string outputColumnName, string inputColumnName, EmbeddingPooling pooling)
    {
        OptionCheck.NotNull(nameof(model), model);
        OptionCheck.ColumnName(nameof(outputColumnName), outputColumnName);
        OptionCheck.ColumnName(nameof(inputColumnName), inputColumnName);
        OptionCheck.Defined(nameof(pooling), pooling);
        _host = environment.Register(nameof(EmbeddingEstimator));
        _model = model;
        _columns = new EmbeddingColumns(outputColumnName, inputColumnName, pooling);
    }

    /// <summary>Checks the columns and makes the transformer, which shares the model's weights.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or of another type.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public EmbeddingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        SourceColumn.Find(_host, input.Schema, _columns.Input, new SubwordKeys(_model.Generator.Codec.Source));
        return new EmbeddingTransformer(_host, _model.Generator, _model.Configuration, _model.Report, _columns);
    }

    /// <summary>The columns after <see cref="Fit"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        SourceColumn.Check(_host, inputSchema, nameof(inputSchema), _columns.Input);
        return SchemaColumns.With(inputSchema, SchemaColumns.Create(
            _columns.Output, NumberDataViewType.Single, SchemaShape.Column.VectorKind.Vector));
    }
}
