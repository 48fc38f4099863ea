using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>One column of text that becomes one of keys.</summary>
internal sealed record SubwordColumn(string Output, string Input, SubwordKeys Keys);

/// <summary>Texts to the keys of their subwords, for those of the columns that the data has.</summary>
internal sealed class SubwordSplitStage : RowStage<string[], int[][]>
{
    private readonly SubwordColumn[] _columns;

    public SubwordSplitStage(IExceptionContext context, DataViewSchema input, IReadOnlyList<SubwordColumn> columns)
        : this(context, input, Present(input, columns))
    {
    }

    private SubwordSplitStage(IExceptionContext context, DataViewSchema input, SubwordColumn[] columns)
        : base(input, [.. columns.Select(column => TextColumn.Find(context, input, "input", column.Input))],
            [.. columns.Select((column, i) => column.Keys.Column(column.Output, (int[][] ids) => ids[i]))]) =>
        _columns = columns;

    public override bool ReadsAhead => false;

    public override Func<string[]> Reader(DataViewRow row)
    {
        Func<string>[] texts = [.. Read.Select(column => TextColumn.Reader(row, column))];
        return () => [.. texts.Select(text => text())];
    }

    public override int SizeOf(string[] request) => request.Sum(text => text.Length);

    public override int[][][] Map(
        IReadOnlyList<string[]> requests, Action<int>? mapped = null, CancellationToken cancellation = default) =>
        [.. requests.Select(texts => texts.Select((text, i) => _columns[i].Keys.Tokenizer.Encode(text)).ToArray())];

    /// <summary>The first column where none is there, so that it is named as missing.</summary>
    private static SubwordColumn[] Present(DataViewSchema input, IReadOnlyList<SubwordColumn> columns) =>
        columns.Where(column => input.GetColumnOrNull(column.Input) is not null).ToArray() is { Length: > 0 } present ? present : [columns[0]];
}

/// <summary>The keys of subwords to text.</summary>
internal sealed class SubwordJoinStage : RowStage<int[], string>
{
    // The vocabulary is big, and not needed to know the columns.
    private readonly Lazy<SubwordTokenizer> _tokenizer;

    public SubwordJoinStage(IExceptionContext context, DataViewSchema input, string outputColumn, string inputColumn)
        : base(input, [SubwordKeys.Find(context, input, "input", inputColumn)],
            [new AddedColumn<string, ReadOnlyMemory<char>>(outputColumn, TextDataViewType.Instance,
                (string text, ref ReadOnlyMemory<char> value) => value = text.AsMemory())]) =>
        _tokenizer = new(() => SubwordKeys.Of(Read[0])!.Tokenizer);

    public override bool ReadsAhead => false;

    public override Func<int[]> Reader(DataViewRow row) => SubwordKeys.Reader(row, Read[0]);

    public override int SizeOf(int[] request) => request.Length;

    public override string[] Map(
        IReadOnlyList<int[]> requests, Action<int>? mapped = null, CancellationToken cancellation = default) => [.. requests.Select(ids => _tokenizer.Value.Decode(ids))];
}
