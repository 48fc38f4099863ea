using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>Turns the keys of subwords back into text.</summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.Transforms.Text.JoinSubwords(…)</c>.</para>
/// <para><b>Input and output columns</b></para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>Input</term><description>vector of <see cref="KeyDataViewType"/> (UInt32) made by <c>LearnSubwords</c>, or by
/// a trainer that learned from such keys; copies and parts of it will do, as long as the column's annotations are
/// kept</description></item>
/// <item><term>Output</term><description>text</description></item>
/// </list>
/// <para>The vocabulary comes with the column, as an annotation: nothing is learned or saved here. Missing keys have no
/// text; the unknown token becomes U+FFFD.</para>
/// <para><b>Estimator characteristics</b></para>
/// <list type="table">
/// <item><term>Does this estimator need to look at the data to train its parameters?</term><description>no</description></item>
/// <item><term>Required NuGet in addition to Microsoft.ML</term><description>Microsoft.ML.Seq2Seq</description></item>
/// <item><term>Exportable to ONNX</term><description>no</description></item>
/// </list>
/// </remarks>
public sealed class SubwordJoiningEstimator : IEstimator<SubwordJoiningTransformer>
{
    private readonly IHost _host;
    private readonly string _outputColumn, _inputColumn;

    internal SubwordJoiningEstimator(IHostEnvironment environment, string outputColumnName, string inputColumnName)
    {
        OptionCheck.ColumnName(nameof(outputColumnName), outputColumnName);
        OptionCheck.ColumnName(nameof(inputColumnName), inputColumnName);
        _host = environment.Register(nameof(SubwordJoiningEstimator));
        _outputColumn = outputColumnName;
        _inputColumn = inputColumnName;
    }

    /// <summary>Checks the columns and makes the transformer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or no such keys.</exception>
    public SubwordJoiningTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        SubwordKeys.Find(_host, input.Schema, "input", _inputColumn);
        return new SubwordJoiningTransformer(_host, _outputColumn, _inputColumn);
    }

    /// <summary>The columns after <see cref="Fit"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or no such keys.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        SubwordKeys.Check(_host, inputSchema, nameof(inputSchema), "input", _inputColumn);
        return SchemaColumns.With(inputSchema, SchemaColumns.Create(_outputColumn, TextDataViewType.Instance));
    }
}
