using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>A recurrent encoder-decoder with attention (Bahdanau et al. 2015; Luong et al. 2015).</summary>
internal sealed class RecurrentModel : SequenceModel, IEncoder
{
    private readonly RecurrentArchitecture _architecture;
    private readonly Scalar _embeddingScale; // √E, as in the Transformer: matrices that are shared serve inputs and outputs

    [ComponentName(Name = "source_embedding")]
    private readonly Parameter _sourceEmbedding; // (V_source, E)

    [ComponentName(Name = "target_embedding")]
    private readonly Parameter? _targetEmbedding; // (V_target, E); null: the source's

    [ComponentName(Name = "output_weight")]
    private readonly Parameter? _outputWeight; // (V_target, E); null: the target embedding

    [ComponentName(Name = "encoder")]
    private readonly RecurrentEncoder _encoder;

    [ComponentName(Name = "decoder")]
    private readonly RecurrentDecoder _decoder;

    /// <inheritdoc cref="TransformerModel(TransformerArchitecture, int, int, Generator)"/>
    public RecurrentModel(RecurrentArchitecture architecture, int sourceVocabulary, int targetVocabulary, Generator generator)
        : base(nameof(RecurrentModel))
    {
        _architecture = architecture;
        _embeddingScale = Math.Sqrt(architecture.EmbeddingDimension);
        Parameter Embedding(int vocabulary) =>
            new(Initialization.Embedding(generator, vocabulary, architecture.EmbeddingDimension, SpecialTokens.Pad));
        _sourceEmbedding = Embedding(sourceVocabulary);
        _targetEmbedding = architecture.ShareEmbeddings == EmbeddingSharing.All ? null : Embedding(targetVocabulary);
        _outputWeight = architecture.ShareEmbeddings == EmbeddingSharing.None ? Embedding(targetVocabulary) : null;
        _encoder = new RecurrentEncoder(generator, architecture);
        _decoder = new RecurrentDecoder(generator, architecture);
        RegisterComponents();
    }

    public override int Width => _architecture.EmbeddingDimension;

    public int EncoderWidth => _architecture.HiddenDimension;

    public override int TargetVocabulary => (int)OutputWeight.shape[0];

    public override object Settings => _architecture;

    public override Parameter OutputWeight => _outputWeight ?? TargetEmbedding;

    private Parameter TargetEmbedding => _targetEmbedding ?? _sourceEmbedding;

    public override SequenceModel Replica()
    {
        using var generator = new Generator(0, torch.CPU);
        var replica = new RecurrentModel(_architecture, (int)_sourceEmbedding.shape[0], TargetVocabulary, generator);
        return replica.to(_sourceEmbedding.device);
    }

    public override Tensor Forward(Batch batch, TrainingPass? training)
    {
        var (memory, states) = Read(batch, training);
        return _decoder.Forward(Embed(TargetEmbedding, batch.TargetInput, training), memory, states, training);
    }

    public Tensor Encode(SourceBatch batch, TrainingPass? training) => EncodeWithEnds(batch, training).Output;

    public override DecoderState Start(SourceBatch source)
    {
        using var scope = NewDisposeScope();
        var (memory, states) = Read(source, training: null);
        static Tensor Own(Tensor x) => x.clone().DetachFromDisposeScope(); // views of one tensor, and the batch's mask
        return new RecurrentState(
            memory.Map(Own),
            [.. states.Select(state => state.Map(Own))],
            _decoder.FirstFeed(source.Rows, memory.Values)?.DetachFromDisposeScope(),
            position: 0);
    }

    public override (Tensor Logits, DecoderState State) Step(DecoderState state, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var current = (RecurrentState)state;
        var x = Embed(TargetEmbedding, tokens, training: null); // (R, E)
        var (output, states, weights) = _decoder.Next(x, current.Memory, [.. current.Layers], current.Feed);
        var logits = Logits(output).MoveToOuterDisposeScope();
        var next = current.After(states, current.Feed is null ? null : output);
        if (next.Noted is not null)
            next.Attention = weights.MoveToOuterDisposeScope();
        return (logits, next);
    }

    public override DecoderState Reorder(DecoderState state, Tensor hypotheses, Tensor? sources) =>
        ((RecurrentState)state).Select(hypotheses, sources);

    private (RecurrentMemory Memory, CellState[] States) Read(SourceBatch batch, TrainingPass? training) =>
        _decoder.Start(EncodeWithEnds(batch, training), batch.SourceMask);

    private (Tensor Output, Tensor Last) EncodeWithEnds(SourceBatch batch, TrainingPass? training) =>
        _encoder.Forward(Embed(_sourceEmbedding, batch.Source, training), batch, training);

    /// <summary>√E-scaled embeddings: (…) → (…, E)</summary>
    private Tensor Embed(Parameter table, Tensor ids, TrainingPass? training)
    {
        var flat = ids.reshape(-1);
        var rows = training?.Lookup(table, flat, _embeddingScale) ?? table.index_select(0, flat).mul(_embeddingScale);
        var x = rows.view([.. ids.shape, Width]);
        return training?.Dropout.Apply(x, _architecture.Dropout) ?? x;
    }
}
