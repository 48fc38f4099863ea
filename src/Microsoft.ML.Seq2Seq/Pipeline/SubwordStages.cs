using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Pipeline;

/// <summary>Text to the keys of its subwords.</summary>
internal sealed class SubwordSplitStage(
    IExceptionContext context, DataViewSchema input, string outputColumn, string inputColumn, SubwordKeys keys)
    : RowStage<string, int[]>(
        input, [TextColumn.Find(context, input, "input", inputColumn)], [keys.Column(outputColumn, (int[] ids) => ids)])
{
    public override bool ReadsAhead => false;

    public override Func<string> Reader(DataViewRow row) => TextColumn.Reader(row, Read[0]);

    public override int SizeOf(string request) => request.Length;

    public override int[][] Map(
        IReadOnlyList<string> requests, Action<int>? mapped = null, CancellationToken cancellation = default) => [.. requests.Select(keys.Tokenizer.Encode)];
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
