using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>What a recurrent decoder attends to: a row for each source.</summary>
/// <param name="Keys">(B, S, H) what its state is compared with.</param>
/// <param name="Values">(B, S, H) the encoder's output.</param>
/// <param name="Mask">(B, 1, 1, S) additive, or null.</param>
internal sealed record RecurrentMemory(Tensor Keys, Tensor Values, Tensor? Mask)
{
    /// <summary>The same for each of its tensors.</summary>
    public RecurrentMemory Map(Func<Tensor, Tensor> map) => new(map(Keys), map(Values), Mask is null ? null : map(Mask));
}

/// <summary>Attention of a recurrent decoder over the source (Bahdanau et al. 2015, section 3.1; Luong et al. 2015,
/// section 3.1).</summary>
internal sealed class RecurrentAlignment : nn.Module
{
    [ComponentName(Name = "key_weight")]
    private readonly Parameter _keyWeight; // (H, H): Luong's W, Bahdanau's U

    [ComponentName(Name = "query_weight")]
    private readonly Parameter? _queryWeight; // (H, H): Bahdanau's W

    [ComponentName(Name = "score_weight")]
    private readonly Parameter? _scoreWeight; // (1, H): Bahdanau's v

    public RecurrentAlignment(Generator generator, RecurrentArchitecture architecture)
        : base(nameof(RecurrentAlignment))
    {
        int hidden = architecture.HiddenDimension;
        Parameter Matrix(long rows) => new(Initialization.XavierUniform(generator, rows, hidden));
        _keyWeight = Matrix(hidden);
        if (architecture.Attention == RecurrentAttention.Bahdanau)
        {
            _queryWeight = Matrix(hidden);
            _scoreWeight = Matrix(1);
        }
        RegisterComponents();
    }

    /// <summary>What can be computed before the first target position.</summary>
    public RecurrentMemory Prepare(Tensor encoded, Tensor? mask) =>
        new(nn.functional.linear(encoded, _keyWeight), encoded, mask);

    /// <summary>(B, K, H) states → the source as each sees it, (B, K, H), and the shares of its positions, (B, K, S).</summary>
    public (Tensor Context, Tensor Weights) Attend(Tensor states, RecurrentMemory memory)
    {
        var scores = _queryWeight is null
            ? torch.bmm(states, memory.Keys.transpose(1, 2)) // (B, K, S)
            : Additive(states, memory.Keys);
        if (memory.Mask is { } mask)
            scores = scores.Accumulate(mask.squeeze(1));
        var weights = scores.softmax(-1);
        return (torch.bmm(weights, memory.Values), weights);
    }

    /// <summary>vᵀ tanh(Wh + Us): (B, K, H), (B, S, H) → (B, K, S)</summary>
    private Tensor Additive(Tensor states, Tensor keys)
    {
        var queries = nn.functional.linear(states, _queryWeight!);
        var inner = queries.unsqueeze(2).Plus(keys.unsqueeze(1)).tanh_(); // (B, K, S, H)
        return nn.functional.linear(inner, _scoreWeight!).squeeze(3);
    }
}
