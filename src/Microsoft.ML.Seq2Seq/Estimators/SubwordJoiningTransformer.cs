using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Pipeline;

[assembly: LoadableTransformer(
    typeof(Microsoft.ML.Seq2Seq.SubwordJoiningTransformer), Microsoft.ML.Seq2Seq.SubwordJoiningTransformer.LoaderSignature)]

namespace Microsoft.ML.Seq2Seq;

/// <summary>Turns the keys of subwords back into text. Immutable and safe to use from many threads.</summary>
/// <remarks>Made by <see cref="SubwordJoiningEstimator"/>.</remarks>
public sealed class SubwordJoiningTransformer : ITransformer, ILoadableTransformer<SubwordJoiningTransformer>
{
    internal const string LoaderSignature = "Seq2SeqJoinSubwords";

    // 0x00010001: initial
    private static readonly ModelFormat _format = new("SUBWJOIN", LoaderSignature, typeof(SubwordJoiningTransformer).Assembly);

    private readonly IHost _host;
    private readonly string _outputColumn, _inputColumn;

    internal SubwordJoiningTransformer(IHostEnvironment environment, string outputColumn, string inputColumn)
    {
        _host = environment.Register(nameof(SubwordJoiningTransformer));
        _outputColumn = outputColumn;
        _inputColumn = inputColumn;
    }

    /// <summary>True: a <see cref="PredictionEngine{TSrc, TDst}"/> can be made of it.</summary>
    public bool IsRowToRowMapper => true;

    static ModelFormat ILoadableTransformer<SubwordJoiningTransformer>.Format => _format;

    static SubwordJoiningTransformer ILoadableTransformer<SubwordJoiningTransformer>.Load(IHostEnvironment environment, ModelReader reader)
    {
        string output = reader.ReadColumnName(), input = reader.ReadColumnName();
        return new SubwordJoiningTransformer(environment, output, input);
    }

    /// <summary>The columns after <see cref="Transform"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or no keys of subwords.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Stage(inputSchema).Output;

    /// <summary>Adds the text. Lazy: keys are joined when their row is read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or no keys of subwords.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new StageView<int[], string>(_host, input, Stage(input.Schema));
    }

    /// <summary>Maps one row at a time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The input column is missing or no keys of subwords.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new StageMapper<int[], string>(Stage(inputSchema));

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        // *** Binary format ***
        // string: output column
        // string: input column
        var writer = new ModelWriter(ctx, _format);
        writer.WriteString(_outputColumn);
        writer.WriteString(_inputColumn);
    }

    private SubwordJoinStage Stage(DataViewSchema input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new SubwordJoinStage(_host, input, _outputColumn, _inputColumn);
    }
}
