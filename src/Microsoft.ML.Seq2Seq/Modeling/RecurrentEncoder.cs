using Microsoft.ML.Seq2Seq.Batching;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>One layer that reads in both directions, each making a half of the output (Bahdanau et al. 2015, section
/// 3.2).</summary>
internal sealed class RecurrentEncoderLayer : nn.Module
{
    [ComponentName(Name = "forward")]
    private readonly RecurrentLayer _forward;

    [ComponentName(Name = "backward")]
    private readonly RecurrentLayer _backward;

    public RecurrentEncoderLayer(Generator generator, RecurrentCell cell, int input, int hidden)
        : base(nameof(RecurrentEncoderLayer))
    {
        _forward = new RecurrentLayer(generator, cell, input, hidden / 2);
        _backward = new RecurrentLayer(generator, cell, input, hidden / 2);
        RegisterComponents();
    }

    /// <summary>(B, S, I) → (B, S, H)</summary>
    /// <param name="x">(B, S, I)</param>
    /// <param name="reversal">(B·S) where each position of each row is read from to turn the row round.</param>
    public Tensor Forward(Tensor x, Tensor reversal) =>
        torch.cat([_forward.Run(x), Reverse(_backward.Run(Reverse(x, reversal)), reversal)], 2);

    private static Tensor Reverse(Tensor x, Tensor reversal) =>
        x.reshape(-1, x.shape[2]).index_select(0, reversal).view(x.shape);
}

/// <summary>The bidirectional encoder.</summary>
internal sealed class RecurrentEncoder : nn.Module
{
    private readonly double _dropout;
    private readonly long _half; // what a direction contributes

    [ComponentName(Name = "layers")]
    private readonly ModuleList<RecurrentEncoderLayer> _layers;

    public RecurrentEncoder(Generator generator, RecurrentArchitecture architecture)
        : base(nameof(RecurrentEncoder))
    {
        int hidden = architecture.HiddenDimension;
        _dropout = architecture.Dropout;
        _half = hidden / 2;
        _layers = new([.. Enumerable.Range(0, architecture.EncoderLayers).Select(i =>
            new RecurrentEncoderLayer(generator, architecture.Cell, i == 0 ? architecture.EmbeddingDimension : hidden, hidden))]);
        RegisterComponents();
    }

    /// <summary>Output at each position, (B, S, H), and at the end of each direction, (B, H).</summary>
    /// <param name="x">(B, S, E) embeddings.</param>
    /// <param name="source">How long the rows are.</param>
    /// <param name="training">Null at prediction.</param>
    public (Tensor Output, Tensor Last) Forward(Tensor x, SourceBatch source, TrainingPass? training)
    {
        var reversal = Reversal(source, (int)x.shape[1]);
        for (int i = 0; i < _layers.Count; i++)
            x = _layers[i].Forward(i == 0 ? x : training?.Dropout.Apply(x, _dropout) ?? x, reversal);
        // What stands first in a reversed row is its last token; the other way ends at the row's first.
        var ends = reversal.view(x.shape[0], x.shape[1]).select(1, 0);
        var forward = x.narrow(2, 0, _half).reshape(-1, _half).index_select(0, ends);
        return (x, torch.cat([forward, x.select(1, 0).narrow(1, _half, _half)], 1));
    }

    /// <summary>Each row turned round within its own length, padding left where it is: nothing that is read backwards
    /// has seen padding. Applied twice it restores the order.</summary>
    private static Tensor Reversal(SourceBatch source, int width)
    {
        long[] from = new long[source.Rows * width];
        for (int row = 0; row < source.Rows; row++)
        {
            int length = source.SourceLengths[row];
            for (int s = 0; s < width; s++)
                from[row * width + s] = (long)row * width + (s < length ? length - 1 - s : s);
        }
        return torch.tensor(from, device: source.Source.device);
    }
}
