using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Attention from tokens to tokens, against libtorch's operations on one sequence and head after the other.</summary>
[TestClass]
public sealed class TokenAttentionTests
{
    private static readonly int[] _lengths = [150, 1, 64, 37]; // several blocks of queries, one, a full one, part of one
    private static readonly int[] _memoryLengths = [33, 70, 1, 64];

    [TestMethod]
    [DataRow(4, 4, 32, null, false, ScalarType.Float32)]
    [DataRow(4, 4, 32, null, true, ScalarType.Float32)]
    [DataRow(2, 2, 64, 5, false, ScalarType.Float32)]
    [DataRow(2, 2, 128, 40, true, ScalarType.Float32)]
    [DataRow(6, 2, 20, null, true, ScalarType.Float32)]
    [DataRow(3, 1, 5, 3, false, ScalarType.Float32)]
    [DataRow(4, 2, 32, null, true, ScalarType.BFloat16)]
    [DataRow(2, 1, 12, 7, false, ScalarType.BFloat16)]
    public void AttentionWithinSequencesIsLibtorchs(int heads, int groups, int dimension, int? window, bool isCausal, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        var training = new TrainingPass(new Dropout(1)) { RoundsRows = true };
        var rows = Rows(_lengths, training);
        var reach = new AttentionReach(window, isCausal);
        var x = randn([rows.Count, (heads + 2 * groups) * dimension], generator: generator).to(type).requires_grad_(true);
        var theirs = x.detach().to(ScalarType.Float32).requires_grad_(true);

        var actual = TokenAttention.Apply(x, new(rows.Packed!, rows.Packed!, heads, groups, dimension, new(reach), null, training.Gradients));
        var parts = theirs.split([heads * dimension, groups * dimension, groups * dimension], 1);
        var expected = Expected(parts[0], parts[1], parts[2], _lengths, _lengths, heads, groups, reach, rows.Count);

        AssertSame(expected, actual, [theirs], [x], generator);
    }

    [TestMethod]
    [DataRow(PositionalEncodingKind.Rotary, 4, 2, 32, null, true, ScalarType.Float32)]
    [DataRow(PositionalEncodingKind.Rotary, 2, 2, 12, 40, false, ScalarType.Float32)]
    [DataRow(PositionalEncodingKind.Rotary, 2, 2, 80, null, false, ScalarType.BFloat16)]
    [DataRow(PositionalEncodingKind.Alibi, 4, 2, 32, null, false, ScalarType.Float32)]
    [DataRow(PositionalEncodingKind.Alibi, 3, 3, 20, 7, true, ScalarType.BFloat16)]
    [DataRow(PositionalEncodingKind.Relative, 4, 4, 32, null, false, ScalarType.Float32)]
    [DataRow(PositionalEncodingKind.Relative, 4, 2, 16, 40, false, ScalarType.Float32)]
    [DataRow(PositionalEncodingKind.Relative, 4, 1, 16, 5, true, ScalarType.BFloat16)]
    public void PositionsInAttentionAreLibtorchs(PositionalEncodingKind kind, int heads, int groups, int dimension, int? window, bool isCausal, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        var training = new TrainingPass(new Dropout(1)) { RoundsRows = true };
        var rows = Rows(_lengths, training);
        var architecture = TinyModels.Architecture(a => (a.PositionalEncoding, a.Heads, a.ModelDimension) = (kind, heads, heads * dimension));
        using var positions = PositionalEncoding.Create(generator, architecture, bidirectional: !isCausal);
        using (no_grad())
            foreach (var parameter in positions.parameters())
                parameter.add_(randn(parameter.shape, generator: generator));
        var bias = new AttentionBias((int)rows.Length, (int)rows.Length, null, new(), CPU, positions, window, isCausal, isByTokens: true);
        var x = randn([rows.Count, (heads + 2 * groups) * dimension], generator: generator).to(type).requires_grad_(true);
        var theirs = x.detach().to(ScalarType.Float32).requires_grad_(true);

        var actual = TokenAttention.Apply(x, new(rows.Packed!, rows.Packed!, heads, groups, dimension, bias.ByTokens!, null, training.Gradients));
        var parts = theirs.split([heads * dimension, groups * dimension, groups * dimension], 1);
        var expected = Expected(parts[0], parts[1], parts[2], _lengths, _lengths, heads, groups, new(window, isCausal), rows.Count, positions: positions);

        AssertSame(expected, actual, [theirs], [x], generator, [.. positions.parameters()]);
    }

    [TestMethod]
    [DataRow(4, 4, 32, ScalarType.Float32)]
    [DataRow(6, 3, 10, ScalarType.Float32)]
    [DataRow(2, 2, 64, ScalarType.BFloat16)]
    public void AttentionToOtherSequencesIsLibtorchs(int heads, int groups, int dimension, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        var training = new TrainingPass(new Dropout(1)) { RoundsRows = true };
        TokenRows rows = Rows(_lengths, training), memoryRows = Rows(_memoryLengths, training);
        var reach = new AttentionReach(null, false);
        var x = randn([rows.Count, heads * dimension], generator: generator).to(type).requires_grad_(true);
        var memory = randn([memoryRows.Count, 2 * groups * dimension], generator: generator).to(type).requires_grad_(true);
        Tensor theirs = x.detach().to(ScalarType.Float32).requires_grad_(true), theirMemory = memory.detach().to(ScalarType.Float32).requires_grad_(true);

        var actual = TokenAttention.Apply(x, memory, new(rows.Packed!, memoryRows.Packed!, heads, groups, dimension, new(reach), null, training.Gradients));
        var parts = theirMemory.split(groups * dimension, 1);
        var expected = Expected(theirs, parts[0], parts[1], _lengths, _memoryLengths, heads, groups, reach, rows.Count);

        AssertSame(expected, actual, [theirs, theirMemory], [x, memory], generator);
    }

    /// <summary>With values of the identity what comes out is the dropped shares themselves.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void SharesThatAreDroppedAreDroppedInTheBackwardPassToo(bool isCausal)
    {
        const int Dimension = 128, Heads = 2;
        const double Probability = 0.3;
        int[] lengths = [100, 128, 3];
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        var training = new TrainingPass(new Dropout(1)) { RoundsRows = false };
        var rows = Rows(lengths, training);
        var reach = new AttentionReach(null, isCausal);
        TokenAttention.Settings settings =
            new(rows.Packed!, rows.Packed!, Heads, Heads, Dimension, new(reach), training.Dropout.Next(Probability), training.Gradients);
        var x = randn([rows.Count, 3 * Heads * Dimension], generator: generator);
        var identity = cat([.. lengths.Select(length => eye(length, Dimension).repeat(1, Heads))]);
        var queriesAndKeys = x.narrow(1, 0, 2 * Heads * Dimension);
        Tensor dropped = TokenAttention.Apply(cat([queriesAndKeys, identity], 1), settings);
        Tensor shares = TokenAttention.Apply(cat([queriesAndKeys, identity], 1), settings with { Dropout = null });
        var factors = (dropped / shares).nan_to_num(1);
        Tensor isDropped = factors.eq(0), isSeen = shares.gt(0);
        Assert.AreEqual(Probability, isDropped.logical_and(isSeen).sum().item<long>() / (double)isSeen.sum().item<long>(), 0.02);
        var kept = factors[isSeen.logical_and(isDropped.logical_not())];
        TinyModels.AssertClose(full_like(kept, 1 / (1 - Math.Round(Probability * 65536) / 65536)), kept, 1e-5);

        var mine = x.clone().requires_grad_(true);
        var theirs = x.clone().requires_grad_(true);
        var parts = theirs.split(Heads * Dimension, 1);
        var expected = Expected(parts[0], parts[1], parts[2], lengths, lengths, Heads, Heads, reach, rows.Count, factors);
        AssertSame(expected, TokenAttention.Apply(mine, settings), [theirs], [mine], generator);
    }

    [TestMethod]
    public void ThreadsChangeNothing()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        var training = new TrainingPass(new Dropout(1)) { RoundsRows = true };
        var rows = Rows(_lengths, training);
        var x = randn([rows.Count, 3 * 64], generator: generator);
        var plan = training.Dropout.Next(0.2);
        var results = new List<(Tensor Result, Tensor Gradient)>();
        foreach (int threads in new[] { 1, 3 })
        {
            int before = get_num_threads();
            try
            {
                set_num_threads(threads);
                var mine = x.clone().requires_grad_(true);
                var result = TokenAttention.Apply(mine, new(rows.Packed!, rows.Packed!, 4, 4, 16, new(new(null, true)), plan, training.Gradients));
                result.sum().backward();
                results.Add((result.detach(), mine.grad!));
            }
            finally
            {
                set_num_threads(before);
            }
        }
        TinyModels.AssertClose(results[0].Result, results[1].Result, 0);
        TinyModels.AssertClose(results[0].Gradient, results[1].Gradient, 0);
    }

    private static TokenRows Rows(int[] lengths, TrainingPass training) => new(lengths, lengths.Max(), CPU, training);

    private static void AssertSame(Tensor expected, Tensor actual, Tensor[] theirs, Tensor[] mine, Generator generator, params Tensor[] parameters)
    {
        // bfloat16 has eight bits: rounded once, a number is off by a 256th of itself at most.
        double tolerance = actual.dtype == ScalarType.BFloat16 ? 0.004 : 1e-5;
        AssertClose(expected.detach(), actual.detach());
        var seed = randn(actual.shape, generator: generator).to(actual.dtype);
        expected.backward([seed.to(ScalarType.Float32)]);
        Tensor[] ofParameters = [.. parameters.Select(parameter => parameter.grad!.clone())];
        foreach (var parameter in parameters)
            parameter.grad!.zero_();
        actual.backward([seed]);
        for (int i = 0; i < parameters.Length; i++)
            AssertClose(ofParameters[i], parameters[i].grad!);
        for (int i = 0; i < mine.Length; i++)
        {
            Assert.AreEqual(actual.dtype, mine[i].grad!.dtype);
            AssertClose(theirs[i].grad!, mine[i].grad!);
        }

        void AssertClose(Tensor reference, Tensor ours) =>
            TinyModels.AssertClose(zeros_like(reference), (ours.to(ScalarType.Float32) - reference) / (reference.abs() + 1), tolerance);
    }

    /// <summary>(N, H·d), with zeros in the rows of no token.</summary>
    /// <param name="factors">(N, H · most keys) of the shares; null: 1.</param>
    private static Tensor Expected(
        Tensor queries, Tensor keys, Tensor values, int[] lengths, int[] keyLengths, int heads, int groups, AttentionReach reach, long count, Tensor? factors = null,
        PositionalEncoding? positions = null)
    {
        long dimension = queries.shape[1] / heads, row = 0, keyRow = 0;
        var sequences = new List<Tensor>();
        for (int i = 0; i < lengths.Length; i++)
        {
            var mask = new float[lengths[i] * keyLengths[i]];
            for (int q = 0; q < lengths[i]; q++)
                for (int k = 0; k < keyLengths[i]; k++)
                    mask[q * keyLengths[i] + k] = (reach.IsCausal && k > q) || Math.Abs(k - q) > (reach.Window ?? int.MaxValue) ? float.NegativeInfinity : 0;
            var results = new List<Tensor>();
            for (int head = 0; head < heads; head++)
            {
                int group = head / (heads / groups);
                Tensor Part(Tensor all, long from, int rows, int of) => all.narrow(0, from, rows).narrow(1, of * dimension, dimension);
                Tensor Placed(Tensor part) => positions?.Rotate(part.view(1, 1, -1, dimension), 0).view(-1, dimension) ?? part;
                var scores = Placed(Part(queries, row, lengths[i], head).contiguous()).mm(Placed(Part(keys, keyRow, keyLengths[i], group).contiguous()).t()) / Math.Sqrt(dimension);
                if (positions?.ByDistance(1 - lengths[i], 2 * lengths[i] - 1) is { } distances)
                    scores += stack([.. Enumerable.Range(0, lengths[i]).Select(q => distances[head].narrow(0, lengths[i] - 1 - q, lengths[i]))]);
                var shares = (scores + tensor(mask, [lengths[i], keyLengths[i]])).softmax(1);
                if (factors is not null)
                    shares = shares * factors.narrow(0, row, lengths[i]).narrow(1, head * dimension, keyLengths[i]);
                results.Add(shares.mm(Part(values, keyRow, keyLengths[i], group)));
            }
            sequences.Add(cat(results, 1));
            row += lengths[i];
            keyRow += keyLengths[i];
        }
        return TokenRows.Pad(cat(sequences), count);
    }
}
