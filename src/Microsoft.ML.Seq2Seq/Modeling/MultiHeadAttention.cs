using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// Multi-head scaled dot-product attention (section 3.2): softmax(QKᵀ/√d)V for each head, heads joined and projected.
/// One matrix holds the projections of queries, keys and values.
/// </summary>
internal sealed class MultiHeadAttention : nn.Module
{
    private readonly int _heads;
    private readonly int _groups;
    private readonly int _dimension; // of one head
    private readonly double _dropout;
    private readonly Scalar _scale; // made once: a Scalar costs more than a small operation

    [ComponentName(Name = "query_key_value")]
    private readonly Linear _queryKeyValue; // (D + 2·groups·d, D)

    [ComponentName(Name = "output")]
    private readonly Linear _output; // (D, D)

    public MultiHeadAttention(Generator generator, TransformerArchitecture architecture)
        : base(nameof(MultiHeadAttention))
    {
        int model = architecture.ModelDimension;
        _heads = architecture.Heads;
        _groups = architecture.KeyValueHeads ?? _heads;
        _dimension = model / _heads;
        _dropout = architecture.AttentionDropout;
        _scale = Math.Pow(_dimension, -0.5);
        _queryKeyValue = new Linear(generator, model, model, _groups * _dimension, _groups * _dimension);
        _output = new Linear(generator, model, model);
        RegisterComponents();
    }

    private int QueryWidth => _heads * _dimension;

    private int KeyWidth => _groups * _dimension;

    /// <summary>Attention within a sequence, all positions at once: (N, D) → (N, D).</summary>
    /// <param name="x">(N, D)</param>
    /// <param name="rows">Where its tokens are.</param>
    /// <param name="positions">How positions reach queries and keys.</param>
    /// <param name="bias">Added to the scores.</param>
    /// <param name="training">Null at prediction.</param>
    public Tensor SelfAttend(Tensor x, TokenRows rows, PositionalEncoding positions, AttentionBias bias, TrainingPass? training)
    {
        using var projected = _queryKeyValue.Forward(x, training);
        if (ByTokens(rows, rows, bias, training) is { } settings)
            return _output.Forward(TokenAttention.Apply(projected, settings), training);
        var parts = rows.SplitHeads(projected, _dimension, QueryWidth, KeyWidth, KeyWidth);
        return Attend(positions.Rotate(parts[0], 0), positions.Rotate(parts[1], 0), parts[2], rows, bias, training);
    }

    /// <summary>Attention of the next position to itself and all before: (R, 1, D) → (R, 1, D). The cache takes the
    /// position in.</summary>
    public Tensor SelfAttendNext(Tensor x, PositionalEncoding positions, Tensor? bias, AttentionCache cache)
    {
        // (R, 1, D + 2·groups·d) → (R, H + 2·groups, 1, d): one position needs no transposing.
        var all = _queryKeyValue.Forward(x, training: null).view(-1, _heads + 2 * _groups, 1, _dimension);
        int position = cache.Length;
        var (keys, values) = cache.Append(
            positions.Rotate(all.narrow(1, _heads, _groups), position), all.narrow(1, _heads + _groups, _groups));
        return Project(Attend(positions.Rotate(all.narrow(1, 0, _heads), position), keys, values, bias, training: null));
    }

    /// <summary>Attention to another sequence, all positions at once: (N, D) → (N, D).</summary>
    /// <param name="x">(N, D)</param>
    /// <param name="rows">Where its tokens are.</param>
    /// <param name="memory">(M, D)</param>
    /// <param name="memoryRows">Where its tokens are.</param>
    /// <param name="bias">Added to the scores.</param>
    /// <param name="training">Null at prediction.</param>
    public Tensor CrossAttend(Tensor x, TokenRows rows, Tensor memory, TokenRows memoryRows, AttentionBias bias, TrainingPass? training)
    {
        using var projected = _queryKeyValue.Forward(x, 0, QueryWidth, training);
        if (ByTokens(rows, memoryRows, bias, training) is { } settings)
        {
            using var projectedMemory = ProjectMemory(memory, training);
            return _output.Forward(TokenAttention.Apply(projected, projectedMemory, settings), training);
        }
        var query = rows.SplitHeads(projected, _dimension, QueryWidth)[0];
        var (keys, values) = Memory(memory, memoryRows, training);
        return Attend(query, keys, values, rows, bias, training);
    }

    /// <summary>Attention of the next position, or the next of several hypotheses, to another sequence: (B, K, D) → (B, K, D).</summary>
    /// <param name="x">(B, K, D)</param>
    /// <param name="memory">Keys and values of <see cref="Memory"/>, each (B, groups, S, d).</param>
    /// <param name="bias">Added to the scores, broadcast over (B, H, K, S); null adds nothing.</param>
    /// <param name="note">Gets the attention weights, (B, H, K, S).</param>
    public Tensor CrossAttendNext(Tensor x, (Tensor Keys, Tensor Values) memory, Tensor? bias, Action<Tensor>? note)
    {
        var query = SplitHeads(_queryKeyValue.Forward(x, 0, QueryWidth, training: null));
        return Project(Attend(query, memory.Keys, memory.Values, bias, training: null, note));
    }

    /// <summary>Keys and values of a sequence that others attend to: (N, D) → each (B, groups, S, d).</summary>
    /// <param name="memory">(N, D)</param>
    /// <param name="rows">Where its tokens are.</param>
    /// <param name="training">Null at prediction.</param>
    public (Tensor Keys, Tensor Values) Memory(Tensor memory, TokenRows rows, TrainingPass? training)
    {
        using var projected = ProjectMemory(memory, training);
        var parts = rows.SplitHeads(projected, _dimension, KeyWidth, KeyWidth);
        return (parts[0], parts[1]);
    }

    private Tensor ProjectMemory(Tensor memory, TrainingPass? training) => _queryKeyValue.Forward(memory, QueryWidth, 2 * KeyWidth, training);

    /// <summary>What attention from tokens to tokens needs, in a pass of training that has it.</summary>
    private TokenAttention.Settings? ByTokens(TokenRows rows, TokenRows memoryRows, AttentionBias bias, TrainingPass? training) =>
        training is not null && bias.ByTokens is { } tokens
            ? new(rows.Packed!, memoryRows.Packed!, _heads, _groups, _dimension, tokens, _dropout > 0 ? training.Dropout.Next(_dropout) : null, training.Gradients)
            : null;

    public AttentionCache CreateCache(long rows, Tensor like) => AttentionCache.Create(rows, _groups, _dimension, like);

    /// <summary>(B, T, H·d) → (B, H, T, d)</summary>
    private Tensor SplitHeads(Tensor x)
    {
        var shape = x.shape;
        return x.view(shape[0], shape[1], -1, _dimension).transpose(1, 2);
    }

    /// <summary>(B, H, Q, d), (B, groups, K, d), (B, groups, K, d) → (N, D)</summary>
    private Tensor Attend(Tensor query, Tensor key, Tensor value, TokenRows rows, AttentionBias bias, TrainingPass? training)
    {
        // libtorch's own, at prediction, has its blocks inside.
        bool isOneCall = training is null && _groups == _heads && !bias.DependsOnDistance;
        if (bias.IsLong && !isOneCall)
            return Joined(training is null ? ForwardInBlocks() : training.Tape.Piece(ForwardInBlocks, BackwardInBlocks));
        using var heads = Attend(query, key, value, bias.Whole, training);
        return Joined(heads);

        Tensor Joined(Tensor heads) => _output.Forward(rows.JoinHeads(heads, training?.Precision ?? ScalarType.Float32), training);

        Tensor ForwardInBlocks()
        {
            var output = torch.empty_like(query, requires_grad: false);
            foreach (var block in bias.Blocks(query.shape[0] * _heads))
            {
                using var scope = NewDisposeScope();
                output.narrow(2, block.Query, block.Queries).copy_(Weigh(query.narrow(2, block.Query, block.Queries),
                    key.narrow(2, block.Key, block.Keys), value.narrow(2, block.Key, block.Keys), bias.Of(block), training));
            }
            return output;
        }

        void BackwardInBlocks(Tensor gradient)
        {
            Tensor ofQuery = torch.empty_like(query, requires_grad: false);
            Tensor ofKey = torch.zeros_like(key, requires_grad: false), ofValue = torch.zeros_like(value, requires_grad: false);
            foreach (var block in bias.Blocks(query.shape[0] * _heads))
            {
                using var scope = NewDisposeScope();
                var q = query.detach().narrow(2, block.Query, block.Queries).requires_grad_(true);
                var k = key.detach().narrow(2, block.Key, block.Keys).requires_grad_(true);
                var v = value.detach().narrow(2, block.Key, block.Keys).requires_grad_(true);
                Weigh(q, k, v, bias.Of(block), training).backward([gradient.narrow(2, block.Query, block.Queries)]);
                ofQuery.narrow(2, block.Query, block.Queries).copy_(q.grad!);
                ofKey.narrow(2, block.Key, block.Keys).Accumulate(k.grad!);
                ofValue.narrow(2, block.Key, block.Keys).Accumulate(v.grad!);
            }
            torch.autograd.backward([query, key, value], [ofQuery, ofKey, ofValue]);
        }
    }

    /// <summary>All scores at once: (B, H, Q, d), (B, groups, K, d), (B, groups, K, d) → (B, H, Q, d)</summary>
    private Tensor Attend(
        Tensor query, Tensor key, Tensor value, Tensor? bias, TrainingPass? training, Action<Tensor>? note = null)
    {
        // Faster where nothing has to be kept for a backward pass, and one call instead of twelve.
        return training is null && note is null && _groups == _heads
            ? nn.functional.scaled_dot_product_attention(query, key, value, bias)
            : Weigh(query, key, value, bias, training, note);
    }

    /// <summary>softmax(QKᵀ/√d + bias)V: (B, H, Q, d), (B, groups, K, d), (B, groups, K, d) → (B, H, Q, d)</summary>
    private Tensor Weigh(
        Tensor query, Tensor key, Tensor value, Tensor? bias, TrainingPass? training, Action<Tensor>? note = null)
    {
        long rows = query.shape[0], queries = query.shape[2], keys = key.shape[2];
        // Heads of one group share keys and values: their queries stand in one block of rows.
        using var q = query.reshape(rows * _groups, _heads / _groups * queries, _dimension); // (B·groups, H/groups·Q, d)
        var k = key.reshape(rows * _groups, keys, _dimension).transpose(1, 2); // (B·groups, d, K)
        var scores = torch.bmm(q.mul(_scale), k);
        if (bias is not null)
            scores = scores.view(rows, _heads, queries, keys).Accumulate(bias).view(scores.shape);
        var weights = scores.softmax(-1); // (B·groups, H/groups·Q, K)
        note?.Invoke(weights.view(rows, _heads, queries, keys));
        weights = training?.Dropout.Apply(weights, _dropout) ?? weights;
        return torch.bmm(weights, value.reshape(rows * _groups, keys, _dimension)).view(rows, _heads, queries, _dimension);
    }

    /// <summary>Heads side by side, projected: (B, H, Q, d) → (B, Q, D)</summary>
    private Tensor Project(Tensor heads) => _output.Forward(JoinHeads(heads), training: null);

    /// <summary>(B, H, Q, d) → (B, Q, H·d)</summary>
    private Tensor JoinHeads(Tensor heads) => heads.transpose(1, 2).reshape(heads.shape[0], heads.shape[2], QueryWidth);
}
