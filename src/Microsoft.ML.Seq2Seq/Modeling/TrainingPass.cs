using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// What a forward pass in training needs beside the batch: dropout, precision, and a record of the embedding rows that it read.
/// Autograd would make a dense gradient of the whole table for each lookup; here the rows are leaves of the graph, and
/// their gradients are added to the table's once the backward pass has run.
/// </summary>
/// <param name="dropout">Draws the masks.</param>
/// <param name="precision">Of the matrix products with weights: float32, or bfloat16, which keeps the range of float32 and
/// needs no scaling of the loss.</param>
/// <param name="recomputes">Whether layers are computed again in the backward pass instead of keeping what they computed.</param>
/// <param name="rounded">(N) all weights in that precision, in the order of the storage that they share; null where each pass rounds
/// them for itself.</param>
internal sealed class TrainingPass(
    Dropout dropout, ScalarType precision = ScalarType.Float32, bool recomputes = false, Tensor? rounded = null)
{
    private readonly List<(Parameter Table, Tensor Ids, Tensor Rows, Scalar Factor)> _lookups = [];

    public Dropout Dropout => dropout;

    public ScalarType Precision => precision;

    public bool Recomputes => recomputes;

    /// <summary>Whether the number of rows that layers get is rounded up (<see cref="OneDnn.RoundUp"/>); null: where oneDNN makes the
    /// products.</summary>
    public bool? RoundsRows { get; init; }

    /// <summary>Whether attention on a CPU is <see cref="TokenAttention"/>; null: where that is faster.</summary>
    public bool? AttendsByTokens { get; init; }

    /// <summary>Whether weights are rounded already.</summary>
    public bool HasRounded => rounded is not null;

    /// <summary>What our functions return to autograd.</summary>
    public GradientHold Gradients => dropout.Gradients;

    /// <summary>The pieces of the backward pass after the first.</summary>
    public GradientTape Tape { get; } = new(dropout, recomputes);

    /// <summary>Rows of the matrix that layers get for so many tokens.</summary>
    public long RowsFor(long tokens, Device device) =>
        device.type == DeviceType.CPU && (RoundsRows ?? OneDnn.Multiplies(precision)) ? OneDnn.RoundUp(tokens) : tokens;

    /// <summary>Whether attention goes from tokens to tokens.</summary>
    public bool IsByTokens(Device device) => device.type == DeviceType.CPU && (AttendsByTokens ?? TokenAttention.IsFaster);

    /// <summary>The same weights, rounded: a view.</summary>
    /// <param name="weights">One of the model's parameters, or some rows of one.</param>
    public Tensor Rounded(Tensor weights) => rounded!.narrow(0, weights.storage_offset(), weights.numel()).view(weights.shape);

    /// <summary>Runs the pass back from the gradient of its output; adds to the gradients of all parameters.</summary>
    public void Backward(Tensor output, Tensor gradient)
    {
        Gradients.Run(() =>
        {
            output.backward([gradient]);
            Tape.Unwind();
        });
        AddEmbeddingGradients();
    }

    /// <summary>Rows of a table times a factor: (N) → (N, D)</summary>
    public Tensor Lookup(Parameter table, Tensor ids, Scalar factor)
    {
        using var noGrad = torch.no_grad();
        var rows = table.index_select(0, ids).mul_(factor);
        rows.requires_grad_(true);
        _lookups.Add((table, ids, rows, factor));
        return rows;
    }

    /// <summary>Adds the gradients of the looked-up rows to those of their tables.</summary>
    private void AddEmbeddingGradients()
    {
        using var noGrad = torch.no_grad();
        foreach (var (table, ids, rows, factor) in _lookups)
            if (rows.grad is { } gradient)
                table.grad!.index_add_(0, ids, gradient, factor);
        _lookups.Clear();
    }
}
