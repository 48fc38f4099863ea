using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// The decoder of Luong et al. 2015: recurrent layers, attention by the state of the last one, and
/// h̃ = tanh(W[context; state]) (equation 5), which the logits are made of and, with input feeding, the first layer reads
/// at the next position.
/// </summary>
internal sealed class RecurrentDecoder : nn.Module
{
    private readonly RecurrentArchitecture _architecture;

    [ComponentName(Name = "bridge")]
    private readonly Linear _bridge; // (layers·(H or 2H), H)

    [ComponentName(Name = "layers")]
    private readonly ModuleList<RecurrentLayer> _layers;

    [ComponentName(Name = "alignment")]
    private readonly RecurrentAlignment _alignment;

    [ComponentName(Name = "readout")]
    private readonly Linear _readout; // (E, 2H)

    public RecurrentDecoder(Generator generator, RecurrentArchitecture architecture)
        : base(nameof(RecurrentDecoder))
    {
        _architecture = architecture;
        int hidden = architecture.HiddenDimension, embedding = architecture.EmbeddingDimension;
        int layers = architecture.DecoderLayers;
        _bridge = new Linear(generator, hidden, [.. Enumerable.Repeat((long)hidden, layers * StateParts)]);
        _layers = new([.. Enumerable.Range(0, layers).Select(i => new RecurrentLayer(generator, architecture.Cell,
            i > 0 ? hidden : architecture.InputFeeding ? 2 * embedding : embedding, hidden))]);
        _alignment = new RecurrentAlignment(generator, architecture);
        _readout = new Linear(generator, 2 * hidden, embedding);
        RegisterComponents();
    }

    private int StateParts => _architecture.Cell == RecurrentCell.Lstm ? 2 : 1;

    /// <summary>What is attended to, and the layers' states before the first position: tanh(Wr), where r is what the
    /// encoder ends with in either direction (Bahdanau et al. 2015, appendix A.2.2, takes one direction).</summary>
    public (RecurrentMemory Memory, CellState[] States) Start((Tensor Output, Tensor Last) encoded, Tensor? mask)
    {
        var all = _bridge.Forward(encoded.Last, training: null).tanh_().chunk(_layers.Count * StateParts, 1); // each (B, H)
        var states = Enumerable.Range(0, _layers.Count)
            .Select(i => StateParts == 1 ? new CellState(all[i], null) : new CellState(all[2 * i], all[2 * i + 1]));
        return (_alignment.Prepare(encoded.Output, mask), [.. states]);
    }

    /// <summary>What the first layer reads beside the first token: (R, E) zeros; null without input feeding.</summary>
    public Tensor? FirstFeed(long rows, Tensor like) => _architecture.InputFeeding
        ? torch.zeros([rows, _architecture.EmbeddingDimension], like.dtype, like.device)
        : null;

    /// <summary>All positions under teacher forcing: (B, T, E) → h̃ (B, T, E).</summary>
    public Tensor Forward(Tensor x, RecurrentMemory memory, CellState[] states, TrainingPass? training)
    {
        if (_architecture.InputFeeding)
            return Drop(FeedForward(x, memory, states, training), training);
        for (int i = 0; i < _layers.Count; i++)
            x = _layers[i].Run(i == 0 ? x : Drop(x, training), states[i]);
        return Drop(Read(x, memory).Output, training);
    }

    /// <summary>The next position of every hypothesis, where R rows are the hypotheses of B sources, K each.</summary>
    /// <param name="x">(R, E) embeddings.</param>
    /// <param name="memory">Of the B sources.</param>
    /// <param name="states">Of the R rows.</param>
    /// <param name="feed">(R, E) h̃ of the position before, or null without input feeding.</param>
    /// <returns>h̃ (R, E), the states after it, and the shares of attention (R, S).</returns>
    public (Tensor Output, CellState[] States, Tensor Weights) Next(
        Tensor x, RecurrentMemory memory, CellState[] states, Tensor? feed) =>
        Next(_layers[0].Project(x), memory, states, feed, FeedColumns, training: null);

    /// <summary>(G·H, E) the weights of h̃ in the first layer.</summary>
    private Tensor? FeedColumns => _architecture.InputFeeding
        ? _layers[0].InputColumns(_architecture.EmbeddingDimension, _architecture.EmbeddingDimension)
        : null;

    /// <summary>h̃ is needed before the next position can be read: one after the other.</summary>
    private Tensor FeedForward(Tensor x, RecurrentMemory memory, CellState[] states, TrainingPass? training)
    {
        var feed = FirstFeed(x.shape[0], x);
        var columns = FeedColumns; // once: autograd would make a gradient of the whole matrix for each use
        var outputs = new List<Tensor>();
        foreach (var projected in _layers[0].Project(x).unbind(1)) // (B, G·H)
        {
            (feed, states, _) = Next(projected, memory, states, feed, columns, training);
            outputs.Add(feed);
        }
        return torch.stack(outputs, 1);
    }

    private (Tensor Output, CellState[] States, Tensor Weights) Next(
        Tensor projected, RecurrentMemory memory, CellState[] states, Tensor? feed, Tensor? feedColumns, TrainingPass? training)
    {
        if (feed is not null)
            projected = projected.Plus(nn.functional.linear(feed, feedColumns!));
        var next = new CellState[states.Length];
        for (int i = 0; i < next.Length; i++)
            next[i] = _layers[i].Next(i == 0 ? projected : _layers[i].Project(Drop(next[i - 1].Hidden, training)), states[i]);
        var top = next[^1].Hidden;
        long rows = top.shape[0], sources = memory.Values.shape[0];
        var (output, weights) = Read(top.view(sources, rows / sources, top.shape[1]), memory);
        return (output.view(rows, -1), next, weights.view(rows, -1));
    }

    /// <summary>(B, K, H) states → h̃ (B, K, E) and the shares of attention (B, K, S).</summary>
    private (Tensor Output, Tensor Weights) Read(Tensor states, RecurrentMemory memory)
    {
        var (context, weights) = _alignment.Attend(states, memory);
        return (_readout.Forward(torch.cat([context, states], 2), training: null).tanh_(), weights);
    }

    private Tensor Drop(Tensor x, TrainingPass? training) => training?.Dropout.Apply(x, _architecture.Dropout) ?? x;
}
