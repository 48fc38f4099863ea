using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>What a .NET user writes today: TorchSharp's own Transformer, a tied output layer and Adam.</summary>
internal sealed class TrainingPlainLoop : IDisposable
{
    private readonly Embedding _embedding;
    private readonly Transformer _transformer;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor _positions; // (positions, 1, D)
    private readonly double _dropout, _smoothing, _scale;

    public TrainingPlainLoop(
        TransformerArchitecture architecture, int vocabulary, double dropout, double smoothing, double learningRate)
    {
        int width = architecture.ModelDimension;
        _dropout = dropout;
        _smoothing = smoothing;
        _scale = Math.Sqrt(width);
        _embedding = nn.Embedding(vocabulary, width);
        nn.init.normal_(_embedding.weight!, 0, 1 / _scale);
        _transformer = nn.Transformer(
            width, architecture.Heads, architecture.EncoderLayers, architecture.DecoderLayers, architecture.FeedForwardDimension, dropout);
        _positions = SinusoidalPositions.Table(0, 512, width).unsqueeze(1);
        _optimizer = optim.Adam(_transformer.parameters().Concat(_embedding.parameters()), learningRate, 0.9, 0.98, 1e-9);
    }

    public void Step(EncodedPairs pairs, int[] rows)
    {
        using var scope = NewDisposeScope();
        using var batch = Batch.Create(pairs, rows, CPU);
        _optimizer.zero_grad();
        var sourcePadding = batch.Source.eq(0);
        var targetPadding = batch.TargetInput.eq(0);
        var causalMask = full([batch.TargetInput.shape[1], batch.TargetInput.shape[1]], float.NegativeInfinity).triu(1);
        var decoded = _transformer.call(Embed(batch.Source), Embed(batch.TargetInput), null!, causalMask, null!,
            sourcePadding, targetPadding, sourcePadding); // (T, B, D)
        var logits = nn.functional.linear(decoded, _embedding.weight!); // (T, B, V)
        var loss = nn.functional.cross_entropy(logits.view(-1, logits.shape[2]), batch.TargetOutput.t().reshape(-1),
            ignore_index: 0, label_smoothing: _smoothing);
        loss.backward();
        nn.utils.clip_grad_norm_(_transformer.parameters().Concat(_embedding.parameters()), 1);
        _optimizer.step();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _transformer.Dispose();
        _embedding.Dispose();
        _positions.Dispose();
    }

    /// <summary>(B, T) → (T, B, D)</summary>
    private Tensor Embed(Tensor ids) => nn.functional.dropout(
        _embedding.call(ids.t()).mul(_scale).add(_positions.narrow(0, 0, ids.shape[1])), _dropout, training: true);
}
