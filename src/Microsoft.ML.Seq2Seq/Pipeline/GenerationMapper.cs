using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Inference;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>One row in, one row out, decoded when the first of the model's columns is read: for a
/// <see cref="PredictionEngine{TSrc, TDst}"/>.</summary>
internal sealed class GenerationMapper(GenerationSchema schema, TextGenerator generator, DecodingOptions options) : IRowToRowMapper
{
    public DataViewSchema InputSchema => schema.Input;

    public DataViewSchema OutputSchema => schema.Output;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        var columns = dependingColumns.ToArray();
        var needed = schema.PassedThrough(columns);
        return columns.Any(schema.IsAdded) ? needed.Concat(schema.Read).Distinct() : needed;
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(activeColumns);
        if (input.Schema != InputSchema)
            throw new ArgumentException("The row's schema is not the one that the mapper was made for.", nameof(input));
        return new Row(schema, schema.Active(activeColumns), input, generator, options);
    }

    private sealed class Row : DataViewRow
    {
        private readonly GenerationSchema _schema;
        private readonly bool[] _active;
        private readonly DataViewRow _input;
        private readonly TextGenerator _generator;
        private readonly DecodingOptions _options;
        private readonly RequestReader? _reader;
        private readonly Delegate[] _added;
        private long _position = -1;
        private Generation? _current;

        public Row(GenerationSchema schema, bool[] active, DataViewRow input, TextGenerator generator, DecodingOptions options)
        {
            _schema = schema;
            _active = active;
            _input = input;
            _generator = generator;
            _options = options;
            if (schema.Read.All(input.IsColumnActive))
                _reader = new RequestReader(input, schema);
            _added = schema.Getters(Current);
        }

        public override DataViewSchema Schema => _schema.Output;

        public override long Position => _input.Position;

        public override long Batch => _input.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            _schema.Getter<TValue>(column, IsColumnActive(column), _input, _added);

        public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _input.Dispose();
            base.Dispose(disposing);
        }

        /// <summary>Decodes once for a row, however many of its columns are read.</summary>
        private Generation Current()
        {
            if (_current is null || _position != _input.Position)
            {
                if (_reader is null)
                    throw new InvalidOperationException(
                        $"The row to map lacks an active column of: {string.Join(", ", _schema.Read.Select(column => column.Name))}.");
                _current = _generator.Generate([_reader.Read()], _options)[0];
                _position = _input.Position;
            }
            return _current;
        }
    }
}
