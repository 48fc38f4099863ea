using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Our recurrent layers against libtorch's own modules, on the same weights, and attention against its
/// formulas, written out in loops.</summary>
[TestClass]
public sealed class RecurrentParityTests
{
    private const double Tolerance = 1e-5;

    private readonly Random _random = new(5);

    [TestMethod]
    [DataRow(RecurrentCell.Lstm)]
    [DataRow(RecurrentCell.Gru)]
    public void TheEncoderEqualsLibtorchOnEachRowAlone(RecurrentCell cell)
    {
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        var architecture = TinyModels.Recurrent(a => a.Cell = cell);
        using var generator = new Generator(1, CPU);
        using var encoder = new RecurrentEncoder(generator, architecture);
        Disturb(encoder);
        int input = architecture.EmbeddingDimension, half = architecture.HiddenDimension / 2;
        using var reference = Bidirectional(cell, input, half, layers: 2);
        var theirs = Weights(reference);
        var ours = Weights(encoder);
        for (int layer = 0; layer < 2; layer++)
            foreach (var (direction, suffix) in new[] { ("forward", ""), ("backward", "_reverse") })
                CopyLayer(ours, $"layers.{layer}.{direction}", theirs, $"_l{layer}{suffix}");
        int[] lengths = [4, 0, 6, 1];
        using var batch = SourceBatch.Create([.. lengths.Select(length => TinyModels.Tokens(_random, length))], CPU);
        var x = torch.randn(lengths.Length, 7, input);

        var (output, last) = encoder.Forward(x, batch, training: null);

        for (int row = 0; row < lengths.Length; row++)
        {
            int length = lengths[row] + 1; // the end token
            var expected = RunBidirectional(reference, x.narrow(0, row, 1).narrow(1, 0, length))[0];
            TinyModels.AssertClose(expected, output[row].narrow(0, 0, length), Tolerance, $"row {row}");
            var ends = torch.cat([expected[length - 1].narrow(0, 0, half), expected[0].narrow(0, half, half)]);
            TinyModels.AssertClose(ends, last[row], Tolerance, $"end of row {row}");
        }
    }

    [TestMethod]
    [DataRow(RecurrentCell.Lstm)]
    [DataRow(RecurrentCell.Gru)]
    public void OneStepAfterAnotherEqualsTheFusedLoopInValueAndGradient(RecurrentCell cell)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        using var layer = new RecurrentLayer(generator, cell, 5, 6);
        Disturb(layer);
        var x = torch.randn(3, 4, 5).requires_grad_(true);
        var start = new CellState(torch.randn(3, 6), cell == RecurrentCell.Lstm ? torch.randn(3, 6) : null);
        var weight = torch.randn(3, 4, 6);

        var fused = layer.Run(x, start);
        var (state, steps) = (start, new List<Tensor>());
        foreach (var projected in layer.Project(x).unbind(1))
        {
            state = layer.Next(projected, state);
            steps.Add(state.Hidden);
        }
        var stepped = torch.stack(steps, 1);

        TinyModels.AssertClose(fused.detach(), stepped.detach(), Tolerance);
        var (expected, actual) = (Gradients(fused), Gradients(stepped));
        for (int i = 0; i < expected.Length; i++)
            TinyModels.AssertClose(expected[i], actual[i], Tolerance, $"gradient {i}");

        Tensor[] Gradients(Tensor output)
        {
            var leaves = layer.parameters().Cast<Tensor>().Append(x).ToArray();
            return [.. torch.autograd.grad([output.mul(weight).sum()], leaves)];
        }
    }

    public static IEnumerable<object[]> Decoders() =>
        from cell in Enum.GetValues<RecurrentCell>()
        from attention in Enum.GetValues<RecurrentAttention>()
        from feeding in new[] { true, false }
        select new object[] { cell, attention, feeding };

    /// <summary>libtorch's cells read [embedding; h̃], and attention and h̃ are computed number by number.</summary>
    [TestMethod]
    [DynamicData(nameof(Decoders))]
    public void TheDecoderEqualsLibtorchCellsAndThePapersFormulas(RecurrentCell cell, RecurrentAttention attention, bool feeding)
    {
        using var scope = NewDisposeScope();
        using var noGrad = torch.no_grad();
        var architecture = TinyModels.Recurrent(a => (a.Cell, a.Attention, a.InputFeeding) = (cell, attention, feeding));
        int hidden = architecture.HiddenDimension, embedding = architecture.EmbeddingDimension;
        using var generator = new Generator(1, CPU);
        using var decoder = new RecurrentDecoder(generator, architecture);
        Disturb(decoder);
        var weights = Weights(decoder);
        var encoded = torch.randn(1, 5, hidden);
        var last = torch.randn(1, hidden);
        var x = torch.randn(1, 4, embedding);

        var (memory, states) = decoder.Start((encoded, last), mask: null);
        var actual = decoder.Forward(x, memory, states, training: null)[0];

        using var first = Cell(cell, feeding ? 2 * embedding : embedding, hidden);
        using var second = Cell(cell, hidden, hidden);
        CopyLayer(weights, "layers.0", Weights(first), "");
        CopyLayer(weights, "layers.1", Weights(second), "");
        var bridge = nn.functional.linear(last, weights["bridge.weight"], weights["bridge.bias"]).tanh();
        int part = 0;
        Tensor Part() => bridge.narrow(1, hidden * part++, hidden);
        var (h1, c1) = (Part(), cell == RecurrentCell.Lstm ? Part() : null);
        var (h2, c2) = (Part(), cell == RecurrentCell.Lstm ? Part() : null);
        var feed = torch.zeros(1, embedding);
        for (int t = 0; t < 4; t++)
        {
            var read = x.select(1, t);
            (h1, c1) = Next(first, feeding ? torch.cat([read, feed], 1) : read, h1, c1);
            (h2, c2) = Next(second, h1, h2, c2);
            float[] output = AttentionalVector(Rows(encoded[0]), Row(h2[0]), attention, weights);
            feed = torch.tensor(output).unsqueeze(0);
            TinyModels.AssertClose(feed[0], actual[t], Tolerance, $"position {t}");
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void TrainingHasTheGradientsOfPlainAutograd(bool feeding)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Create(TinyModels.Recurrent(a => a.InputFeeding = feeding));
        using var batch = TinyModels.Batch(([4, 5, 6], [7, 8]), ([9], [10, 11, 12, 4]));
        var parameters = model.named_parameters().ToArray();
        var logits = model.Logits(model.Forward(batch, training: null)).view(-1, 13)[batch.TargetPositions];
        var loss = nn.functional.cross_entropy(logits, batch.TargetOutput.view(-1)[batch.TargetPositions]);
        var expected = torch.autograd.grad([loss], [.. parameters.Select(named => named.parameter)]);

        foreach (var (_, parameter) in parameters)
            parameter.grad = torch.zeros_like(parameter, requires_grad: false);
        CrossEntropy.ForwardBackward(model, batch, smoothing: 0, 1.0 / batch.TargetTokens, new TrainingPass(new Dropout(1)));

        for (int i = 0; i < parameters.Length; i++)
            TinyModels.AssertClose(expected[i], parameters[i].parameter.grad!, Tolerance, parameters[i].name);
    }

    [TestMethod]
    public void PresetsHaveAboutAsManyWeightsAsTheTransformersOfTheirNames()
    {
        AssertAlike(RecurrentArchitecture.Tiny, TransformerArchitecture.Tiny);
        AssertAlike(RecurrentArchitecture.Small, TransformerArchitecture.Small);

        static void AssertAlike(RecurrentArchitecture recurrent, TransformerArchitecture transformer)
        {
            using var one = TinyModels.Create(recurrent, 8000);
            using var other = TinyModels.Create(transformer, 8000);
            double ratio = Count(one) / Count(other);
            Assert.IsInRange(0.8, 1.25, ratio);
        }
        static double Count(nn.Module model) => model.parameters().Sum(parameter => parameter.numel());
    }

    /// <summary>h̃ = tanh(W[Σ softmax(score)·s; h] + b)</summary>
    private static float[] AttentionalVector(
        double[][] source, double[] state, RecurrentAttention attention, Dictionary<string, Tensor> weights)
    {
        double[][] keyWeight = Rows(weights["alignment.key_weight"]);
        double[] scores = [.. source.Select(s => attention == RecurrentAttention.Luong
            ? Dot(state, Product(keyWeight, s))
            : Dot(Row(weights["alignment.score_weight"][0]),
                [.. Product(Rows(weights["alignment.query_weight"]), state).Zip(Product(keyWeight, s), (a, b) => Math.Tanh(a + b))]))];
        double sum = scores.Sum(Math.Exp);
        double[] context = [.. state.Select((_, d) => source.Select((s, i) => Math.Exp(scores[i]) / sum * s[d]).Sum())];
        double[] joined = [.. context, .. state];
        return [.. Product(Rows(weights["readout.weight"]), joined).Zip(Row(weights["readout.bias"]), (a, b) => (float)Math.Tanh(a + b))];
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[] Product(double[][] matrix, double[] vector) => [.. matrix.Select(row => Dot(row, vector))];

    private static double[] Row(Tensor x) => [.. x.contiguous().data<float>().Select(value => (double)value)];

    private static double[][] Rows(Tensor x) => [.. Enumerable.Range(0, (int)x.shape[0]).Select(i => Row(x[i]))];

    /// <summary>Fresh biases are zeros and ones, which would hide a mistake.</summary>
    private static void Disturb(nn.Module module)
    {
        using var noGrad = torch.no_grad();
        foreach (var parameter in module.parameters().Where(parameter => parameter.dim() == 1))
            parameter.add_(torch.randn(parameter.shape).mul_(0.3));
    }

    private static nn.Module Bidirectional(RecurrentCell cell, int input, int hidden, int layers) => cell == RecurrentCell.Lstm
        ? nn.LSTM(input, hidden, layers, batchFirst: true, bidirectional: true)
        : nn.GRU(input, hidden, layers, batchFirst: true, bidirectional: true);

    private static Tensor RunBidirectional(nn.Module module, Tensor x) => module is TorchSharp.Modules.LSTM lstm
        ? lstm.call(x).Item1
        : ((TorchSharp.Modules.GRU)module).call(x).Item1;

    private static nn.Module Cell(RecurrentCell cell, int input, int hidden) =>
        cell == RecurrentCell.Lstm ? nn.LSTMCell(input, hidden) : nn.GRUCell(input, hidden);

    private static (Tensor Hidden, Tensor? Cell) Next(nn.Module module, Tensor x, Tensor hidden, Tensor? cell) =>
        module is TorchSharp.Modules.LSTMCell lstm
            ? lstm.call(x, (hidden, cell!))
            : (((TorchSharp.Modules.GRUCell)module).call(x, hidden), null);

    private static void CopyLayer(Dictionary<string, Tensor> from, string layer, Dictionary<string, Tensor> to, string suffix)
    {
        foreach (var (ours, theirs) in new[]
            { ("input_weight", "weight_ih"), ("hidden_weight", "weight_hh"), ("input_bias", "bias_ih"), ("hidden_bias", "bias_hh") })
            to[theirs + suffix].copy_(from[$"{layer}.{ours}"]);
    }

    private static Dictionary<string, Tensor> Weights(nn.Module module) =>
        module.named_parameters().ToDictionary(named => named.name, named => (Tensor)named.parameter);
}
