using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

/// <summary>The simplest model that the loop can train: the next token depends on the last one alone. It shows that
/// the loop knows no architecture, and it can be told to break down.</summary>
internal sealed class BigramModel : SequenceModel
{
    [ComponentName(Name = "embedding")]
    private readonly Parameter _embedding; // (V, D)

    [ComponentName(Name = "output")]
    private readonly Parameter _output; // (V, D)

    public BigramModel(int vocabulary = 13, int width = 8, ulong seed = 1)
        : base(nameof(BigramModel))
    {
        using var generator = new Generator(seed, torch.CPU);
        _embedding = new Parameter(torch.randn([vocabulary, width], generator: generator).mul_(0.5));
        _output = new Parameter(torch.randn([vocabulary, width], generator: generator).mul_(0.5));
        RegisterComponents();
    }

    /// <summary>Called with the number of the forward pass in training; true makes its output not a number.</summary>
    public Func<int, bool> Breaks { get; set; } = _ => false;

    /// <summary>Called at every forward pass of a validation.</summary>
    public Action OnValidation { get; set; } = () => { };

    /// <summary>Called with the rows of every pass.</summary>
    public Action<Batch> OnPass { get; set; } = _ => { };

    /// <summary>Called with the rows in every backward pass.</summary>
    public Action<Batch> OnBackward { get; set; } = _ => { };

    public int Passes { get; private set; }

    public override int Width => (int)_embedding.shape[1];

    public override int TargetVocabulary => (int)_output.shape[0];

    public override object Settings => new { Kind };

    /// <summary>Stands for an option of an architecture.</summary>
    public string Kind { get; init; } = "bigram";

    public override Parameter OutputWeight => _output;

    public override Tensor Forward(Batch batch, TrainingPass? training)
    {
        if (training is null)
            OnValidation();
        OnPass(batch);
        var ids = batch.TargetInput.view(-1);
        var rows = training?.Lookup(_embedding, ids, 1) ?? _embedding.index_select(0, ids);
        var x = rows.view(batch.Rows, -1, Width);
        if (training is null)
            return x;
        x = Spy.apply(x, training.Gradients, () => OnBackward(batch));
        return Breaks(++Passes) ? x.mul(float.NaN) : x;
    }

    public override SequenceModel Replica() => new BigramModel(TargetVocabulary, Width) { Breaks = Breaks, OnPass = OnPass, OnBackward = OnBackward };

    public override DecoderState Start(SourceBatch source) => throw new NotSupportedException();

    public override (Tensor Logits, DecoderState State) Step(DecoderState state, Tensor tokens) => throw new NotSupportedException();

    public override DecoderState Reorder(DecoderState state, Tensor hypotheses, Tensor? sources) => throw new NotSupportedException();

    /// <summary>Changes nothing.</summary>
    private sealed class Spy : autograd.SingleTensorFunction<Spy>
    {
        public override string Name => "spy";

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_data(nameof(GradientHold), vars[1]);
            ctx.save_data(nameof(Action), vars[2]);
            return ((Tensor)vars[0]).clone();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            ((GradientHold)ctx.get_data(nameof(GradientHold))).Differentiate(inputs: 3, scope =>
            {
                ((Action)ctx.get_data(nameof(Action)))();
                return [grad_output.MoveToOtherDisposeScope(scope).clone()];
            });
    }
}
