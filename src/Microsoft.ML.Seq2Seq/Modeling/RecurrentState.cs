using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>State of a recurrent decoder.</summary>
/// <param name="memory">A row for each source.</param>
/// <param name="layers">A row for each hypothesis.</param>
/// <param name="feed">(R, E) the decoder's last output; null without input feeding.</param>
/// <param name="position">Tokens read so far.</param>
internal sealed class RecurrentState(RecurrentMemory memory, CellState[] layers, Tensor? feed, int position) : DecoderState
{
    public RecurrentMemory Memory => memory;

    public IReadOnlyList<CellState> Layers => layers;

    public Tensor? Feed => feed;

    public override int Sources => (int)memory.Values.shape[0];

    public override int Position => position;

    /// <summary>The state after one more token; takes the tensors out of their dispose scope.</summary>
    public RecurrentState After(CellState[] next, Tensor? nextFeed)
    {
        DisposeRows();
        return new RecurrentState(memory, [.. next.Select(layer => layer.Map(Keep))], nextFeed is null ? null : Keep(nextFeed), position + 1)
        {
            Noted = Noted,
        };
    }

    /// <summary>The state of other hypotheses; <paramref name="sources"/> null keeps the sources.</summary>
    public RecurrentState Select(Tensor hypotheses, Tensor? sources)
    {
        Tensor Rows(Tensor x) => Keep(x.index_select(0, hypotheses));
        var selected = new RecurrentState(
            sources is null ? memory : memory.Map(x => Keep(x.index_select(0, sources))),
            [.. layers.Select(layer => layer.Map(Rows))],
            feed is null ? null : Rows(feed),
            position)
        { Noted = Noted };
        DisposeRows();
        if (sources is not null)
            DisposeMemory();
        return selected;
    }

    public override void Dispose()
    {
        DisposeRows();
        DisposeMemory();
    }

    private static Tensor Keep(Tensor x) => x.DetachFromDisposeScope();

    private void DisposeRows()
    {
        foreach (var (hidden, cell) in layers)
        {
            hidden.Dispose();
            cell?.Dispose();
        }
        feed?.Dispose();
    }

    private void DisposeMemory()
    {
        memory.Keys.Dispose();
        memory.Values.Dispose();
        memory.Mask?.Dispose();
    }
}
