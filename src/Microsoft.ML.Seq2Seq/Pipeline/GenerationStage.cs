using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Inference;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>Source to what a model writes for it.</summary>
internal sealed class GenerationStage : RowStage<GenerationRequest, Generation>
{
    private readonly TextGenerator _generator;
    private readonly DecodingPlan _plan;

    /// <param name="context">The host of the component that asks.</param>
    /// <param name="input">The columns that come in.</param>
    /// <param name="columns">Names of the source and of the columns to add.</param>
    /// <param name="sourceKeys">The keys that a source may come as.</param>
    /// <param name="predictedKeys">The keys that a prediction becomes; null where it is text.</param>
    /// <param name="generator">The model.</param>
    /// <param name="plan">How to decode.</param>
    /// <exception cref="ArgumentOutOfRangeException">The source or prefix column is missing or of another type.</exception>
    public GenerationStage(
        IExceptionContext context, DataViewSchema input, GenerationColumns columns, SubwordKeys sourceKeys, SubwordKeys? predictedKeys,
        TextGenerator generator, DecodingPlan plan)
        : base(input, Find(context, input, columns, sourceKeys, plan.Options),
            OutputColumn.For(columns, plan.Options, predictedKeys, plan.Calibration?.ColumnName))
    {
        _generator = generator;
        _plan = plan;
    }

    public override bool ReadsAhead => true;

    public override Func<GenerationRequest> Reader(DataViewRow row)
    {
        var source = SourceColumn.Reader(row, Read[0]);
        if (Read.Count == 1)
            return source;
        var prefix = TextColumn.Reader(row, Read[1]);
        return () => source() with { Prefix = prefix() };
    }

    public override int SizeOf(GenerationRequest request) => request.Size;

    public override Generation[] Map(
        IReadOnlyList<GenerationRequest> requests, Action<int>? mapped = null, CancellationToken cancellation = default) =>
        _generator.Generate(requests, _plan, decoded: mapped, cancellation: cancellation);

    private static DataViewSchema.Column[] Find(
        IExceptionContext context, DataViewSchema input, GenerationColumns columns, SubwordKeys keys, DecodingOptions options)
    {
        var source = SourceColumn.Find(context, input, columns.Source, keys);
        return options.PrefixColumnName is { } prefix ? [source, TextColumn.Find(context, input, "prefix", prefix)] : [source];
    }
}
