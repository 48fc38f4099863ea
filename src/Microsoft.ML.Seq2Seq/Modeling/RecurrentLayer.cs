using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>What a recurrent layer hands from one position to the next.</summary>
/// <param name="Hidden">(R, H) its output.</param>
/// <param name="Cell">(R, H) an LSTM's memory; null for a GRU.</param>
internal readonly record struct CellState(Tensor Hidden, Tensor? Cell)
{
    /// <summary>The same for each of its tensors.</summary>
    public CellState Map(Func<Tensor, Tensor> map) => new(map(Hidden), Cell is null ? null : map(Cell));
}

/// <summary>
/// One LSTM or GRU layer in one direction, in libtorch's form: gates in the order input, forget, cell, output (LSTM) or
/// reset, update, new (GRU, reset after the product with the state). It computes in float32 in every training precision:
/// what is rounded at one position would be rounded again at all that follow.
/// </summary>
internal sealed class RecurrentLayer : nn.Module
{
    private readonly RecurrentCell _cell;
    private readonly long _hidden;

    [ComponentName(Name = "input_weight")]
    private readonly Parameter _inputWeight; // (G·H, I)

    [ComponentName(Name = "hidden_weight")]
    private readonly Parameter _hiddenWeight; // (G·H, H)

    [ComponentName(Name = "input_bias")]
    private readonly Parameter _inputBias; // (G·H)

    [ComponentName(Name = "hidden_bias")]
    private readonly Parameter _hiddenBias; // (G·H)

    public RecurrentLayer(Generator generator, RecurrentCell cell, long input, long hidden)
        : base(nameof(RecurrentLayer))
    {
        _cell = cell;
        _hidden = hidden;
        long gates = cell == RecurrentCell.Lstm ? 4 : 3;
        _inputWeight = new Parameter(Gates(input));
        _hiddenWeight = new Parameter(Gates(hidden));
        _inputBias = new Parameter(cell == RecurrentCell.Lstm ? ForgetGateOpen() : torch.zeros(gates * hidden));
        _hiddenBias = new Parameter(torch.zeros(gates * hidden));
        RegisterComponents();

        // Or nothing is remembered for long enough to learn from it (Jozefowicz et al. 2015).
        Tensor ForgetGateOpen()
        {
            using var scope = NewDisposeScope();
            return torch.cat([torch.zeros(hidden), torch.ones(hidden), torch.zeros(2 * hidden)]).DetachFromDisposeScope();
        }

        Tensor Gates(long columns)
        {
            using var scope = NewDisposeScope();
            var each = Enumerable.Range(0, (int)gates).Select(_ => Initialization.XavierUniform(generator, hidden, columns));
            return torch.cat([.. each]).DetachFromDisposeScope();
        }
    }

    /// <summary>All positions, in libtorch's fused loop: (B, T, I) → (B, T, H).</summary>
    /// <param name="x">(B, T, I)</param>
    /// <param name="start">State before the first position; null: zeros.</param>
    public Tensor Run(Tensor x, CellState? start = null) =>
        RecurrentKernels.Run(x, start ?? Zeros(x), [_inputWeight, _hiddenWeight, _inputBias, _hiddenBias]);

    /// <summary>The input's share of the gates, with its bias: (…, I) → (…, G·H). It does not depend on the state, so
    /// that one call serves all positions.</summary>
    public Tensor Project(Tensor x) => nn.functional.linear(x, InputColumns(0, x.shape[^1]), _inputBias);

    /// <summary>(G·H, columns) the weights of a part of the input.</summary>
    public Tensor InputColumns(long start, long columns) => _inputWeight.narrow(1, start, columns);

    /// <summary>One position.</summary>
    /// <param name="projected">(R, G·H) the whole input's share of the gates.</param>
    /// <param name="state">Before it.</param>
    public CellState Next(Tensor projected, CellState state)
    {
        var recurrent = nn.functional.linear(state.Hidden, _hiddenWeight, _hiddenBias); // (R, G·H)
        if (_cell == RecurrentCell.Gru)
        {
            var (x, h) = (projected.chunk(3, 1), recurrent.chunk(3, 1)); // each (R, H)
            var reset = x[0].Plus(h[0]).sigmoid_();
            var update = x[1].Plus(h[1]).sigmoid_();
            var proposal = x[2].Plus(reset.mul(h[2])).tanh_();
            return new CellState(proposal.Plus(update.mul(state.Hidden.sub(proposal))), null); // (1-z)·n + z·h
        }
        var gates = projected.Plus(recurrent).chunk(4, 1); // each (R, H)
        var kept = gates[1].sigmoid().mul(state.Cell!);
        var cell = kept.Plus(gates[0].sigmoid().mul(gates[2].tanh()));
        return new CellState(gates[3].sigmoid().mul(cell.tanh()), cell);
    }

    private CellState Zeros(Tensor x)
    {
        var zeros = torch.zeros([x.shape[0], _hidden], x.dtype, x.device);
        return new CellState(zeros, _cell == RecurrentCell.Lstm ? zeros : null);
    }
}
