using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>The loop that a careful .NET user writes with TorchSharp: one call for each operation, libtorch's own linear layers in
/// float32, keys and values cached in tensors of their full length, memory of the source once for each hypothesis's source.</summary>
internal sealed class DecodingPlainLoop : IDisposable
{
    private const long Block = 100;

    private static readonly Scalar _block = Block, _begin = SpecialTokens.Begin, _one = 1L, _unlikely = -1e9f;

    private readonly int _heads, _layers, _width;
    private readonly Scalar _scale; // √D
    private readonly Tensor _embedding; // (V, D), the output layer too
    private readonly Tensor _positions; // (T, D)
    private readonly Layer[] _encoder;
    private readonly Layer[] _decoder;

    public DecodingPlainLoop(TransformerArchitecture architecture, int vocabulary)
    {
        _heads = architecture.Heads;
        _width = architecture.ModelDimension;
        _layers = architecture.DecoderLayers;
        _scale = MathF.Sqrt(_width);
        using var noGrad = no_grad();
        _embedding = randn(vocabulary, _width).div_(_scale);
        _positions = randn(128, _width);
        _encoder = [.. Enumerable.Range(0, architecture.EncoderLayers).Select(_ => new Layer(_width, architecture.FeedForwardDimension))];
        _decoder = [.. Enumerable.Range(0, _layers).Select(_ => new Layer(_width, architecture.FeedForwardDimension))];
    }

    /// <summary>(B, S) → (B, steps) the most probable tokens.</summary>
    public long[] Greedy(Tensor source, int steps)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        long rows = source.shape[0];
        var (keysValues, keys, values) = Start(source, 1, steps);
        var tokens = full([rows], _begin, ScalarType.Int64);
        var written = new Tensor[steps];
        for (int t = 0; t < steps; t++)
        {
            var logits = Step(tokens, t, 1, keysValues, keys, values);
            // The end is never chosen.
            logits.narrow(1, 0, SpecialTokens.FirstText).fill_(Scalars.NegativeInfinity);
            written[t] = tokens = logits.argmax(1);
        }
        return stack(written, 1).data<long>().ToArray();
    }

    /// <summary>(B, S) → the tokens of the best prefixes, (B · beam, steps).</summary>
    public long[] Beam(Tensor source, int beam, int steps)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        long sources = source.shape[0];
        var (keysValues, keys, values) = Start(source, beam, steps);
        var tokens = full([sources * beam], _begin, ScalarType.Int64);
        var scores = full([sources, beam], _unlikely);
        scores.select(1, 0).zero_();
        using Scalar width = beam;
        var first = tensor(Enumerable.Range(0, (int)sources).Select(row => (long)row * beam).ToArray()).unsqueeze(1);
        var written = zeros(sources * beam, steps, dtype: ScalarType.Int64);
        for (int t = 0; t < steps; t++)
        {
            using var step = NewDisposeScope();
            var logits = Step(tokens, t, beam, keysValues, keys, values);
            logits.narrow(1, 0, SpecialTokens.FirstText).fill_(Scalars.NegativeInfinity);
            var (best, bestTokens) = Top(logits, beam);
            var candidates = best.Plus(logits.logsumexp(1, keepdim: true).neg_()).view(sources, beam, beam).Accumulate(scores.unsqueeze(2)).view(sources, beam * beam);
            var (newScores, chosen) = candidates.topk(beam, 1);
            var rows = chosen.div(width, RoundingMode.floor).add_(first, _one).view(-1);
            tokens = bestTokens.view(sources, beam * beam).gather(1, chosen).view(-1).MoveToOuterDisposeScope();
            scores = newScores.MoveToOuterDisposeScope();
            written = written.index_select(0, rows).MoveToOuterDisposeScope();
            written.select(1, t).copy_(tokens);
            for (int l = 0; l < _layers; l++)
            {
                var cached = keysValues[l].narrow(3, 0, t + 1);
                cached.copy_(cached.index_select(1, rows));
            }
        }
        return written.data<long>().ToArray();
    }

    public void Dispose()
    {
        _embedding.Dispose();
        _positions.Dispose();
        foreach (var layer in _encoder.Concat(_decoder))
            layer.Dispose();
    }

    /// <summary>Block by block: libtorch's own topk of a row this long is slow.</summary>
    private static (Tensor Values, Tensor Indices) Top(Tensor logits, int count)
    {
        long rows = logits.shape[0];
        var blocks = logits.view(rows, -1, Block);
        var (_, winners) = blocks.amax([2]).topk(count, 1);
        var candidates = blocks.gather(1, winners.unsqueeze(2).expand(rows, count, Block)).view(rows, count * Block);
        var (values, chosen) = candidates.topk(count, 1);
        var indices = winners.gather(1, chosen.div(_block, RoundingMode.floor)).mul_(_block).add_(chosen.remainder(_block), _one);
        return (values, indices);
    }

    private (Tensor[] KeysValues, Tensor[] Keys, Tensor[] Values) Start(Tensor source, int beam, int steps)
    {
        long rows = source.shape[0], length = source.shape[1];
        int dimension = _width / _heads;
        var x = _embedding.index_select(0, source.view(-1)).view(rows, length, _width)
            .mul_(_scale).Accumulate(_positions.narrow(0, 0, length)).view(-1, _width);
        foreach (var layer in _encoder)
        {
            var projected = layer.QueryKeyValue.Apply(x).view(rows, length, 3, _heads, dimension).permute(2, 0, 3, 1, 4);
            var attended = nn.functional.scaled_dot_product_attention(projected[0], projected[1], projected[2])
                .transpose(1, 2).reshape(-1, _width);
            x = layer.Norm(0, layer.Output.Apply(attended).Accumulate(x));
            x = layer.Norm(2, layer.Contract.Apply(layer.Expand.Apply(x).relu_()).Accumulate(x));
        }
        Tensor[] keysValues = new Tensor[_layers], keys = new Tensor[_layers], values = new Tensor[_layers];
        for (int l = 0; l < _layers; l++)
        {
            var memory = _decoder[l].SourceKeyValue.Apply(x).view(rows, length, 2, _heads, dimension).permute(2, 0, 3, 1, 4).contiguous();
            (keys[l], values[l]) = (memory[0], memory[1]);
            keysValues[l] = empty([2, rows * beam, _heads, steps, dimension]);
        }
        return (keysValues, keys, values);
    }

    /// <summary>(R) → (R, V)</summary>
    private Tensor Step(Tensor tokens, int t, int beam, Tensor[] keysValues, Tensor[] keys, Tensor[] values)
    {
        using var scope = NewDisposeScope();
        long rows = tokens.shape[0];
        int dimension = _width / _heads;
        var x = _embedding.index_select(0, tokens).mul_(_scale).Accumulate(_positions[t]); // (R, D)
        for (int l = 0; l < _layers; l++)
        {
            var layer = _decoder[l];
            var projected = layer.QueryKeyValue.Apply(x).view(rows, 3, _heads, dimension);
            keysValues[l].select(3, t).copy_(projected.narrow(1, 1, 2).transpose(0, 1));
            var written = keysValues[l].narrow(3, 0, t + 1);
            var attended = nn.functional.scaled_dot_product_attention(
                projected.select(1, 0).unsqueeze(2), written.select(0, 0), written.select(0, 1)); // (R, H, 1, d)
            x = layer.Norm(0, layer.Output.Apply(attended.reshape(rows, _width)).Accumulate(x));
            var query = layer.SourceQuery.Apply(x).view(rows / beam, beam, _heads, dimension).transpose(1, 2);
            attended = nn.functional.scaled_dot_product_attention(query, keys[l], values[l]).transpose(1, 2); // (B, K, H, d)
            x = layer.Norm(1, layer.SourceOutput.Apply(attended.reshape(rows, _width)).Accumulate(x));
            x = layer.Norm(2, layer.Contract.Apply(layer.Expand.Apply(x).relu_()).Accumulate(x));
        }
        return nn.functional.linear(x, _embedding).MoveToOuterDisposeScope();
    }

    private sealed class Layer(int width, int inner) : IDisposable
    {
        private readonly long[] _shape = [width];
        private readonly Tensor[] _gains = [ones(width), ones(width), ones(width)];
        private readonly Tensor[] _shifts = [zeros(width), zeros(width), zeros(width)];

        public Dense QueryKeyValue { get; } = new(width, 3 * width);

        public Dense Output { get; } = new(width, width);

        public Dense SourceQuery { get; } = new(width, width);

        public Dense SourceKeyValue { get; } = new(width, 2 * width);

        public Dense SourceOutput { get; } = new(width, width);

        public Dense Expand { get; } = new(width, inner);

        public Dense Contract { get; } = new(inner, width);

        public Tensor Norm(int which, Tensor x) => nn.functional.layer_norm(x, _shape, _gains[which], _shifts[which]);

        public void Dispose()
        {
            foreach (var tensor in _gains.Concat(_shifts))
                tensor.Dispose();
            foreach (var dense in new[] { QueryKeyValue, Output, SourceQuery, SourceKeyValue, SourceOutput, Expand, Contract })
                dense.Dispose();
        }
    }

    private sealed class Dense(int input, int output) : IDisposable
    {
        private readonly Tensor _weight = Random(output, input);
        private readonly Tensor _bias = zeros(output);

        public Tensor Apply(Tensor x) => nn.functional.linear(x, _weight, _bias);

        public void Dispose()
        {
            _weight.Dispose();
            _bias.Dispose();
        }

        private static Tensor Random(int rows, int columns)
        {
            using Scalar deviation = MathF.Sqrt(2f / (rows + columns));
            return randn(rows, columns).mul_(deviation);
        }
    }
}
