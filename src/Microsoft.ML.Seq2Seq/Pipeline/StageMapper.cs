using Microsoft.ML.Data;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>One row in, one row out, computed when the first of the added columns is read: for a
/// <see cref="PredictionEngine{TSrc, TDst}"/>.</summary>
internal sealed class StageMapper<TRequest, TResult>(RowStage<TRequest, TResult> stage) : IRowToRowMapper
{
    public DataViewSchema InputSchema => stage.Input;

    public DataViewSchema OutputSchema => stage.Output;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        stage.Dependencies([.. dependingColumns]);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(activeColumns);
        if (input.Schema != InputSchema)
            throw new ArgumentException("The row's schema is not the one that the mapper was made for.", nameof(input));
        return new Row(stage, stage.Active(activeColumns), input);
    }

    private sealed class Row(RowStage<TRequest, TResult> stage, bool[] active, DataViewRow input) : DataViewRow
    {
        private readonly Delegate[] _added = stage.Getters(new RowResult<TRequest, TResult>(stage, input).Current);

        public override DataViewSchema Schema => stage.Output;

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            stage.Getter<TValue>(column, IsColumnActive(column), input, _added);

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                input.Dispose();
            base.Dispose(disposing);
        }
    }
}
