using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>
/// Adam and AdamW in one pass over the weights. TorchSharp's own optimizers run a dozen elementwise passes; libtorch's
/// fused kernel is reached through a script (three to four times faster on a 60-million-parameter model). Only matrices
/// decay: biases, gains of norms and tables of positions are few and overfit little.
/// </summary>
internal sealed class FusedAdam : IDisposable
{
    private const string Script = """
        def count(steps: Tensor):
            return steps.add_(1)

        def adam(values: List[Tensor], gradients: List[Tensor], means: List[Tensor], squares: List[Tensor],
                 steps: List[Tensor], rate: float, beta1: float, beta2: float, epsilon: float, decay: float):
            maxima: List[Tensor] = []
            torch._fused_adam_(values, gradients, means, squares, maxima, steps, lr=rate, beta1=beta1, beta2=beta2,
                               weight_decay=decay, eps=epsilon, amsgrad=False, maximize=False)
            return steps[0]

        def adamw(values: List[Tensor], gradients: List[Tensor], means: List[Tensor], squares: List[Tensor],
                  steps: List[Tensor], rate: float, beta1: float, beta2: float, epsilon: float, decay: float):
            maxima: List[Tensor] = []
            torch._fused_adamw_(values, gradients, means, squares, maxima, steps, lr=rate, beta1=beta1, beta2=beta2,
                                weight_decay=decay, eps=epsilon, amsgrad=False, maximize=False)
            return steps[0]

        """;

    // Compiled once: libtorch never frees a compilation unit.
    private static readonly Lazy<jit.CompilationUnit> _compiled = new(() => jit.compile(Script));

    private readonly string _function;
    private readonly Scalar _beta1, _beta2, _epsilon;
    private readonly Tensor _means, _squares, _steps;
    private readonly Group[] _groups;

    public FusedAdam(FlatParameters parameters, TrainingOptions options)
    {
        _function = options.Optimizer == OptimizerKind.AdamW ? "adamw" : "adam";
        _beta1 = options.Beta1;
        _beta2 = options.Beta2;
        _epsilon = options.Epsilon;
        _means = torch.zeros_like(parameters.Values).DetachFromDisposeScope();
        _squares = torch.zeros_like(parameters.Values).DetachFromDisposeScope();
        _steps = torch.zeros([], ScalarType.Float32, parameters.Values.device).DetachFromDisposeScope();
        // Without decay all weights are alike, and one piece is fastest.
        IReadOnlyList<FlatRange> ranges = options.WeightDecay > 0 ? parameters.Ranges : [new(0, parameters.Values.numel(), false)];
        _groups =
        [
            .. ranges.GroupBy(range => range.IsMatrix).Select(group => new Group(
                Views(parameters.Values, group), Views(parameters.Gradients, group), Views(_means, group), Views(_squares, group),
                [.. group.Select(_ => _steps)], group.Key ? options.WeightDecay : 0)),
        ];
    }

    /// <summary>What a checkpoint holds.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> State =>
        [("adam.means", _means), ("adam.squares", _squares), ("adam.steps", _steps)];

    /// <summary>One update with the gradients as they stand.</summary>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        using Scalar rate = learningRate;
        // An update counts once, however many calls it takes.
        using var steps = (Tensor)_compiled.Value.invoke("count", _steps);
        foreach (var group in _groups)
        {
            using var _ = (Tensor)_compiled.Value.invoke(_function,
                group.Values, group.Gradients, group.Means, group.Squares, group.Steps, rate, _beta1, _beta2, _epsilon, group.Decay);
        }
    }

    public void Dispose()
    {
        foreach (var group in _groups)
            group.Dispose();
        _means.Dispose();
        _squares.Dispose();
        _steps.Dispose();
        foreach (var scalar in new[] { _beta1, _beta2, _epsilon })
            scalar.Dispose();
    }

    private static Tensor[] Views(Tensor flat, IEnumerable<FlatRange> ranges) =>
        [.. ranges.Select(range => flat.narrow(0, range.Start, range.Length).DetachFromDisposeScope())];

    /// <summary>Weights of one decay, as views. The kernel wants a count of steps for each of them: it is the same.</summary>
    private sealed record Group(
        Tensor[] Values, Tensor[] Gradients, Tensor[] Means, Tensor[] Squares, Tensor[] Steps, double WeightDecay) : IDisposable
    {
        public Scalar Decay { get; } = WeightDecay;

        public void Dispose()
        {
            foreach (var view in (Tensor[])[.. Values, .. Gradients, .. Means, .. Squares])
                view.Dispose();
            Decay.Dispose();
        }
    }
}
