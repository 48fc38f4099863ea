using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>libtorch's own LSTM and GRU over whole sequences. TorchSharp has them as modules alone, which hold weights
/// of their own, drawn from the global generator; a script reaches the functions.</summary>
internal static class RecurrentKernels
{
    private const string Script = """
        def lstm(x: Tensor, hidden: Tensor, cell: Tensor, weights: List[Tensor], training: bool):
            return torch.lstm(x, [hidden, cell], weights, True, 1, 0.0, training, False, True)[0]

        def gru(x: Tensor, hidden: Tensor, weights: List[Tensor], training: bool):
            return torch.gru(x, hidden, weights, True, 1, 0.0, training, False, True)[0]

        """;

    // Compiled once: libtorch never frees a compilation unit.
    private static readonly Lazy<jit.CompilationUnit> _compiled = new(() => jit.compile(Script));

    /// <summary>One layer in one direction: (B, T, I) → (B, T, H), with each row's state before the first position,
    /// (B, H).</summary>
    /// <param name="x">(B, T, I)</param>
    /// <param name="start">An LSTM where it has a cell, else a GRU.</param>
    /// <param name="weights">(G·H, I), (G·H, H), (G·H), (G·H), where G gates stand in libtorch's order.</param>
    public static Tensor Run(Tensor x, CellState start, Tensor[] weights)
    {
        // Whether to keep what a backward pass needs.
        bool training = is_grad_enabled();
        var hidden = start.Hidden.unsqueeze(0);
        return start.Cell is { } cell
            ? (Tensor)_compiled.Value.invoke("lstm", x, hidden, cell.unsqueeze(0), weights, training)
            : (Tensor)_compiled.Value.invoke("gru", x, hidden, weights, training);
    }
}
