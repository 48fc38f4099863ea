using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>The Transformer (Vaswani et al. 2017, figure 1).</summary>
internal sealed class TransformerModel : SequenceModel, IEncoder
{
    private readonly TransformerArchitecture _architecture;
    private readonly Scalar _embeddingScale; // √D

    [ComponentName(Name = "source_embedding")]
    private readonly Parameter _sourceEmbedding; // (V_source, D)

    [ComponentName(Name = "target_embedding")]
    private readonly Parameter? _targetEmbedding; // (V_target, D); null: the source's

    [ComponentName(Name = "output_weight")]
    private readonly Parameter? _outputWeight; // (V_target, D); null: the target embedding

    [ComponentName(Name = "encoder_positions")]
    private readonly PositionalEncoding _encoderPositions;

    [ComponentName(Name = "encoder")]
    private readonly ModuleList<EncoderLayer> _encoder;

    [ComponentName(Name = "encoder_norm")]
    private readonly Norm? _encoderNorm; // pre-norm only

    [ComponentName(Name = "decoder_positions")]
    private readonly PositionalEncoding _decoderPositions;

    [ComponentName(Name = "decoder")]
    private readonly ModuleList<DecoderLayer> _decoder;

    [ComponentName(Name = "decoder_norm")]
    private readonly Norm? _decoderNorm; // pre-norm only

    /// <summary>Makes a model with fresh weights.</summary>
    /// <param name="architecture">Its shape; kept, so hand over a copy.</param>
    /// <param name="sourceVocabulary">Number of source tokens.</param>
    /// <param name="targetVocabulary">Number of target tokens; the same where all embeddings are shared.</param>
    /// <param name="generator">Draws the weights.</param>
    public TransformerModel(
        TransformerArchitecture architecture, int sourceVocabulary, int targetVocabulary, Generator generator)
        : base(nameof(TransformerModel))
    {
        _architecture = architecture;
        int model = architecture.ModelDimension;
        _embeddingScale = Math.Sqrt(model);
        Parameter Embedding(int vocabulary) =>
            new(Initialization.Embedding(generator, vocabulary, model, SpecialTokens.Pad));
        _sourceEmbedding = Embedding(sourceVocabulary);
        _targetEmbedding = architecture.ShareEmbeddings == EmbeddingSharing.All ? null : Embedding(targetVocabulary);
        _outputWeight = architecture.ShareEmbeddings == EmbeddingSharing.None ? Embedding(targetVocabulary) : null;

        _encoderPositions = PositionalEncoding.Create(generator, architecture, bidirectional: true);
        _encoder = new(Layers(architecture.EncoderLayers, () => new EncoderLayer(generator, architecture)));
        _decoderPositions = PositionalEncoding.Create(generator, architecture, bidirectional: false);
        _decoder = new(Layers(architecture.DecoderLayers, () => new DecoderLayer(generator, architecture)));
        if (architecture.NormPlacement == NormPlacement.Pre)
        {
            _encoderNorm = new Norm(architecture.Normalization, model);
            _decoderNorm = new Norm(architecture.Normalization, model);
        }
        RegisterComponents();

        static T[] Layers<T>(int count, Func<T> make) => [.. Enumerable.Range(0, count).Select(_ => make())];
    }

    public override int Width => _architecture.ModelDimension;

    /// <inheritdoc/>
    public int EncoderWidth => _architecture.ModelDimension;

    public override int TargetVocabulary => (int)OutputWeight.shape[0];

    public override object Settings => _architecture;

    /// <summary>When attention is computed in blocks.</summary>
    public LongAttention Long { get; init; } = new();

    public override Parameter OutputWeight => _outputWeight ?? TargetEmbedding;

    private Parameter TargetEmbedding => _targetEmbedding ?? _sourceEmbedding;

    public override SequenceModel Replica()
    {
        using var generator = new Generator(0, torch.CPU);
        var replica = new TransformerModel(_architecture, (int)_sourceEmbedding.shape[0], TargetVocabulary, generator) { Long = Long };
        return replica.to(_sourceEmbedding.device);
    }

    public override Tensor Forward(Batch batch, TrainingPass? training) =>
        Decode(batch, Encode(batch, training), training);

    /// <inheritdoc/>
    public Tensor Encode(SourceBatch batch, TrainingPass? training)
    {
        var rows = new TokenRows(batch.SourceLengths, batch.Source.shape[1], batch.Source.device, training);
        int length = (int)rows.Length;
        var x = rows.Join(Embed(_sourceEmbedding, batch.Source, _encoderPositions, 0, training)); // (N, D)
        var bias = new AttentionBias(
            length, length, batch.SourceMask, Long, x.device, _encoderPositions, _architecture.AttentionWindow,
            isByTokens: training?.IsByTokens(x.device) ?? false);
        var tape = Tape(training, bias);
        x = tape?.Cut(x) ?? x;
        foreach (var layer in _encoder)
            x = Run(tape, x, input => layer.Forward(input, rows, _encoderPositions, bias, training));
        return rows.Split(_encoderNorm?.Forward(x) ?? x);
    }

    /// <summary>The decoder's output under teacher forcing: (B, T, D).</summary>
    /// <param name="batch">The target, and the mask of the source.</param>
    /// <param name="memory">(B, S, D) the encoder's output.</param>
    /// <param name="training">Null at validation.</param>
    public Tensor Decode(Batch batch, Tensor memory, TrainingPass? training)
    {
        var rows = new TokenRows(batch.TargetLengths, batch.TargetInput.shape[1], batch.TargetInput.device, training);
        var sourceRows = new TokenRows(batch.SourceLengths, batch.Source.shape[1], batch.Source.device, training);
        int length = (int)rows.Length;
        bool isByTokens = training?.IsByTokens(batch.TargetInput.device) ?? false;
        var x = rows.Join(Embed(TargetEmbedding, batch.TargetInput, _decoderPositions, 0, training)); // (N, D)
        var bias = new AttentionBias(
            length, length, padding: null, Long, x.device, _decoderPositions, _architecture.AttentionWindow, isCausal: true, isByTokens);
        var sourceBias = new AttentionBias(length, (int)sourceRows.Length, batch.SourceMask, Long, x.device, isByTokens: isByTokens);
        var tape = Tape(training, bias, sourceBias);
        memory = sourceRows.Join(memory);
        memory = tape?.Cut(memory) ?? memory;
        x = tape?.Cut(x) ?? x;
        foreach (var layer in _decoder)
            x = Run(tape, x, input => layer.Forward(
                input, rows, memory, sourceRows, _decoderPositions, bias, sourceBias, training));
        return rows.Split(_decoderNorm?.Forward(x) ?? x);
    }

    public override DecoderState Start(SourceBatch source)
    {
        using var scope = NewDisposeScope();
        var memory = Encode(source, training: null);
        return new TransformerState(
            [.. _decoder.Select(layer => layer.Start(memory))],
            source.Rows,
            source.SourceMask?.clone().DetachFromDisposeScope());
    }

    public override (Tensor Logits, DecoderState State) Step(DecoderState state, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var current = (TransformerState)state;
        int position = current.Position;
        var x = Embed(TargetEmbedding, tokens.unsqueeze(1), _decoderPositions, position, training: null); // (R, 1, D)
        var bias = AttentionBias.Next(_decoderPositions, _architecture.AttentionWindow, position, x.device);
        int aligned = current.Noted?.LayerOf(_decoder.Count) ?? -1;
        for (int i = 0; i < _decoder.Count; i++)
            x = _decoder[i].Next(x, current.Layers[i], _decoderPositions, bias, current.SourceMask, i == aligned ? Note : null);
        x = _decoderNorm?.Forward(x) ?? x;
        return (Logits(x.squeeze(1)).MoveToOuterDisposeScope(), current);

        void Note(Tensor weights) => // (B, H, K, S) → (R, S)
            current.Attention = (current.Noted!.Head is { } head ? weights.select(1, head) : weights.mean([1])).reshape(-1, weights.shape[3]).MoveToOuterDisposeScope();
    }

    public override DecoderState Reorder(DecoderState state, Tensor hypotheses, Tensor? sources)
    {
        var current = (TransformerState)state;
        var mask = current.SourceMask;
        if (mask is not null && sources is not null)
        {
            mask = mask.index_select(0, sources).DetachFromDisposeScope();
            current.SourceMask!.Dispose();
        }
        return new TransformerState(
            [.. current.Layers.Select(layer => layer.Select(hypotheses, sources))],
            sources is null ? current.Sources : (int)sources.shape[0],
            mask)
        { Noted = current.Noted };
    }

    /// <summary>√D-scaled embeddings with positions (sections 3.4, 3.5): (B, T) → (B, T, D)</summary>
    private Tensor Embed(Parameter table, Tensor ids, PositionalEncoding positions, int start, TrainingPass? training)
    {
        var flat = ids.view(-1);
        var rows = training?.Lookup(table, flat, _embeddingScale) ?? table.index_select(0, flat).mul(_embeddingScale);
        var x = positions.AddTo(rows.view(ids.shape[0], ids.shape[1], Width), start);
        return training?.Dropout.Apply(x, _architecture.Dropout) ?? x;
    }

    /// <summary>The tape of a pass that computes some things twice: all layers, or the attention of long sequences. Null
    /// where autograd does it all.</summary>
    private static GradientTape? Tape(TrainingPass? training, params ReadOnlySpan<AttentionBias> biases)
    {
        bool isLong = false;
        foreach (var bias in biases)
            isLong |= bias.IsLong;
        if (training is null || !(isLong || training.Recomputes))
            return null;
        training.Dropout.Repeats = true;
        foreach (var bias in biases)
            bias.Cut(training.Tape);
        return training.Tape;
    }

    private static Tensor Run(GradientTape? tape, Tensor x, Func<Tensor, Tensor> layer) =>
        tape?.Layer(() => layer(x)) ?? layer(x);
}
