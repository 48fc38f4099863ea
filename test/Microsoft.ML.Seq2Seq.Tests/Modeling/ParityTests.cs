using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Our layers against libtorch's own, on the same weights.</summary>
[TestClass]
public sealed class ParityTests
{
    private const double Tolerance = 1e-5;
    private const int Dimension = 16, Heads = 4, Inner = 24, Layers = 2;

    private readonly Random _random = new(5);

    [TestMethod]
    public void PostNormEncoderDecoderEqualsLibtorchTransformer()
    {
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var model = TinyModels.Create(TinyModels.Architecture(a => a.NormPlacement = NormPlacement.Post));
        using var batch = Ragged();
        var reference = nn.Transformer(Dimension, Heads, Layers, Layers, Inner, dropout: 0);
        reference.eval();
        var weights = Weights(model);
        var theirs = reference.named_parameters().ToDictionary(named => named.name, named => named.parameter);
        for (int i = 0; i < Layers; i++)
        {
            Attention($"encoder.{i}.self_attention", $"encoder.layers.{i}.self_attn");
            Norm($"encoder.{i}.self_attention_residual", $"encoder.layers.{i}.norm1");
            FeedForward($"encoder.{i}", $"encoder.layers.{i}");
            Norm($"encoder.{i}.feed_forward_residual", $"encoder.layers.{i}.norm2");
            Attention($"decoder.{i}.self_attention", $"decoder.layers.{i}.self_attn");
            Norm($"decoder.{i}.self_attention_residual", $"decoder.layers.{i}.norm1");
            Attention($"decoder.{i}.cross_attention", $"decoder.layers.{i}.multihead_attn");
            Norm($"decoder.{i}.cross_attention_residual", $"decoder.layers.{i}.norm2");
            FeedForward($"decoder.{i}", $"decoder.layers.{i}");
            Norm($"decoder.{i}.feed_forward_residual", $"decoder.layers.{i}.norm3");
        }

        // libtorch's transformer normalises the output of both stacks once more; the paper's does not. Its extra norms
        // are fresh (gain 1, bias 0), so that a plain layer norm around ours makes up for them.
        Tensor LastNorm(Tensor x) => nn.functional.layer_norm(x, [Dimension]);
        var ours = LastNorm(model.Decode(batch, LastNorm(model.Encode(batch, null)), null));
        var padding = batch.Source.eq(0);
        var expected = reference.call(
            Embed(weights, batch.Source).transpose(0, 1), Embed(weights, batch.TargetInput).transpose(0, 1), null!,
            tgt_mask: CausalMask(batch), src_key_padding_mask: padding, memory_key_padding_mask: padding).transpose(0, 1);
        AssertEqualAtTokens(batch, expected, ours);

        void Copy(string from, string to) => theirs[to].copy_(weights[from]);
        void Norm(string from, string to)
        {
            Copy($"{from}.norm.weight", $"{to}.weight");
            Copy($"{from}.norm.bias", $"{to}.bias");
        }
        void FeedForward(string from, string to)
        {
            Copy($"{from}.feed_forward.input.weight", $"{to}.linear1.weight");
            Copy($"{from}.feed_forward.input.bias", $"{to}.linear1.bias");
            Copy($"{from}.feed_forward.output.weight", $"{to}.linear2.weight");
            Copy($"{from}.feed_forward.output.bias", $"{to}.linear2.bias");
        }
        void Attention(string from, string to)
        {
            Copy($"{from}.query_key_value.weight", $"{to}.in_proj_weight");
            Copy($"{from}.query_key_value.bias", $"{to}.in_proj_bias");
            Copy($"{from}.output.weight", $"{to}.out_proj.weight");
            Copy($"{from}.output.bias", $"{to}.out_proj.bias");
        }
    }

    /// <summary>libtorch's C++ transformer has no pre-norm, so its own attention, norm and linear functions are put in
    /// that order here (Xiong et al. 2020, figure 1b).</summary>
    [TestMethod]
    [DataRow(ActivationKind.Relu)]
    [DataRow(ActivationKind.Gelu)]
    public void PreNormEncoderDecoderEqualsLibtorchModules(ActivationKind activation)
    {
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var model = TinyModels.Create(TinyModels.Architecture(a => a.Activation = activation));
        using var batch = Ragged();
        var weights = Weights(model);
        var padding = batch.Source.eq(0);

        var memory = Embed(weights, batch.Source).transpose(0, 1);
        for (int i = 0; i < Layers; i++)
        {
            var normed = Norm(memory, $"encoder.{i}.self_attention_residual.norm");
            memory = memory + Attention(normed, normed, $"encoder.{i}.self_attention", null, padding);
            memory = memory + FeedForward(Norm(memory, $"encoder.{i}.feed_forward_residual.norm"), $"encoder.{i}.feed_forward");
        }
        memory = Norm(memory, "encoder_norm");
        var x = Embed(weights, batch.TargetInput).transpose(0, 1);
        for (int i = 0; i < Layers; i++)
        {
            var normed = Norm(x, $"decoder.{i}.self_attention_residual.norm");
            x = x + Attention(normed, normed, $"decoder.{i}.self_attention", CausalMask(batch), null);
            x = x + Attention(Norm(x, $"decoder.{i}.cross_attention_residual.norm"), memory, $"decoder.{i}.cross_attention", null, padding);
            x = x + FeedForward(Norm(x, $"decoder.{i}.feed_forward_residual.norm"), $"decoder.{i}.feed_forward");
        }
        x = Norm(x, "decoder_norm");
        AssertEqualAtTokens(batch, x.transpose(0, 1), model.Forward(batch, null));

        Tensor Norm(Tensor y, string name)
        {
            var norm = nn.LayerNorm(Dimension);
            norm.weight!.copy_(weights[$"{name}.weight"]);
            norm.bias!.copy_(weights[$"{name}.bias"]);
            return norm.forward(y);
        }
        Tensor Attention(Tensor query, Tensor memory, string name, Tensor? mask, Tensor? keyPadding)
        {
            var attention = nn.MultiheadAttention(Dimension, Heads);
            var parameters = attention.named_parameters().ToDictionary(named => named.name, named => named.parameter);
            parameters["in_proj_weight"].copy_(weights[$"{name}.query_key_value.weight"]);
            parameters["in_proj_bias"].copy_(weights[$"{name}.query_key_value.bias"]);
            parameters["out_proj.weight"].copy_(weights[$"{name}.output.weight"]);
            parameters["out_proj.bias"].copy_(weights[$"{name}.output.bias"]);
            return attention.forward(query, memory, memory, keyPadding, need_weights: false, attn_mask: mask).Item1;
        }
        Tensor FeedForward(Tensor y, string name)
        {
            var inner = nn.functional.linear(y, weights[$"{name}.input.weight"], weights[$"{name}.input.bias"]);
            inner = activation == ActivationKind.Relu ? nn.functional.relu(inner) : nn.functional.gelu(inner);
            return nn.functional.linear(inner, weights[$"{name}.output.weight"], weights[$"{name}.output.bias"]);
        }
    }

    [TestMethod]
    public void SinusoidalTableFollowsTheFormula()
    {
        using var table = SinusoidalPositions.Table(3, 5, 8);
        for (int t = 0; t < 5; t++)
        {
            for (int i = 0; i < 4; i++)
            {
                double angle = (3 + t) * Math.Exp(-2.0 * i / 8 * Math.Log(10000));
                Assert.AreEqual(Math.Sin(angle), table[t, 2 * i].item<float>(), 1e-6);
                Assert.AreEqual(Math.Cos(angle), table[t, 2 * i + 1].item<float>(), 1e-6);
            }
        }
    }

    [TestMethod]
    public void LayerNormAndRmsNormFollowTheirFormulas()
    {
        using var scope = NewDisposeScope();
        var x = torch.randn(3, 6);
        var centred = x - x.mean([-1], true);
        var layerNorm = centred / (centred.square().mean([-1], true) + 1e-5).sqrt();
        TinyModels.AssertClose(layerNorm, new Norm(NormalizationKind.LayerNorm, 6).Forward(x), 1e-5);
        var rmsNorm = x / (x.square().mean([-1], true) + 1e-6).sqrt();
        TinyModels.AssertClose(rmsNorm, new Norm(NormalizationKind.RmsNorm, 6).Forward(x), 1e-5);
    }

    private Batch Ragged() => TinyModels.Batch(
        (TinyModels.Tokens(_random, 5), TinyModels.Tokens(_random, 7)),
        (TinyModels.Tokens(_random, 2), TinyModels.Tokens(_random, 3)),
        (TinyModels.Tokens(_random, 6), TinyModels.Tokens(_random, 1)));

    private static Dictionary<string, Tensor> Weights(SequenceModel model) =>
        model.named_parameters().ToDictionary(named => named.name, named => (Tensor)named.parameter);

    private static Tensor Embed(Dictionary<string, Tensor> weights, Tensor ids)
    {
        var positions = SinusoidalPositions.Table(0, (int)ids.shape[1], Dimension);
        return weights["source_embedding"][ids] * Math.Sqrt(Dimension) + positions;
    }

    /// <summary>Padding's own outputs mean nothing and are not compared.</summary>
    private static void AssertEqualAtTokens(Batch batch, Tensor expected, Tensor actual) => TinyModels.AssertClose(
        expected.reshape(-1, Dimension)[batch.TargetPositions], actual.reshape(-1, Dimension)[batch.TargetPositions], Tolerance);

    /// <summary>(T, T) position t sees positions up to t.</summary>
    private static Tensor CausalMask(Batch batch) =>
        torch.full([batch.TargetInput.shape[1], batch.TargetInput.shape[1]], float.NegativeInfinity).triu(1);
}
