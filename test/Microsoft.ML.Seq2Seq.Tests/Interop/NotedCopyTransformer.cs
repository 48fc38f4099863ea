using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Tests.Interop;

[assembly: LoadableTransformer(typeof(NotedCopyTransformer), NotedCopyTransformer.LoaderSignature)]

namespace Microsoft.ML.Seq2Seq.Tests.Interop;

/// <summary>Copies a column and carries a note: the smallest transformer that uses everything of the fence's save and load.</summary>
internal sealed class NotedCopyTransformer(string input, string output, string? note, byte[] payload)
    : ITransformer, ILoadableTransformer<NotedCopyTransformer>
{
    internal const string LoaderSignature = "NotedCopy";

    private readonly ITransformer _copy = MakeCopy(input, output);

    public string? Note => note;

    public byte[] Payload => payload;

    public static ModelFormat Format { get; } = new("NOTEDCPY", LoaderSignature, typeof(NotedCopyTransformer).Assembly);

    public bool IsRowToRowMapper => _copy.IsRowToRowMapper;

    public static NotedCopyTransformer Load(IHostEnvironment environment, ModelReader reader)
    {
        int length = reader.ReadInt32();
        string input = reader.ReadString()!;
        string output = reader.ReadString()!;
        string? note = reader.ReadString();
        return new(input, output, note, reader.ReadEntry("payload.bin", ReadAll)[..length]);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ModelWriter writer = new(ctx, Format);
        writer.WriteInt32(payload.Length);
        writer.WriteString(input);
        writer.WriteString(output);
        writer.WriteString(note);
        writer.WriteEntry("payload.bin", stream => stream.Write(payload));
    }

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _copy.GetOutputSchema(inputSchema);

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _copy.GetRowToRowMapper(inputSchema);

    public IDataView Transform(IDataView input) => _copy.Transform(input);

    private static byte[] ReadAll(Stream stream)
    {
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static ITransformer MakeCopy(string input, string output)
    {
        MLContext ml = new();
        IDataView sample = ml.Transforms.CopyColumns(input, nameof(Row.Text)).Fit(Rows()).Transform(Rows());
        return ml.Transforms.CopyColumns(output, input).Fit(sample);

        IDataView Rows() => ml.Data.LoadFromEnumerable([new Row()]);
    }

    internal sealed class Row
    {
        public string Text { get; set; } = "";
    }
}

/// <summary>Makes a <see cref="NotedCopyTransformer"/>, so that it can stand in a chain.</summary>
internal sealed class NotedCopyEstimator(string input, string output, string note) : IEstimator<NotedCopyTransformer>
{
    public NotedCopyTransformer Fit(IDataView data) => new(input, output, note, [1, 2, 3]);

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) =>
        new(inputSchema.Append(SchemaColumns.Create(output, TextDataViewType.Instance)));
}
