using Microsoft.ML.Seq2Seq.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Rows of tokens and heads of padded sequences, against libtorch's operations on everything.</summary>
[TestClass]
public sealed class TokenRowsTests
{
    private const int Length = 7, Dimension = 20; // not a multiple of anything
    private static readonly int[] _lengths = [7, 1, 5];
    private static readonly long[] _widths = [2 * Dimension, Dimension, 3 * Dimension];

    [TestMethod]
    [DataRow(ScalarType.Float32, true)]
    [DataRow(ScalarType.Float32, false)]
    [DataRow(ScalarType.BFloat16, true)]
    public void HeadsAreThoseOfLibtorchAndPaddingIsZeros(ScalarType type, bool roundsRows)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        var (rows, packed) = Rows(roundsRows);
        var x = randn([rows.Count, _widths.Sum()], generator: generator).to(type);

        var reference = x.clone().to(ScalarType.Float32).requires_grad_(true);
        var expected = zeros([_lengths.Length * Length, _widths.Sum()]).index_copy(0, packed, reference.narrow(0, 0, packed.shape[0]))
            .view(_lengths.Length, Length, -1).split(_widths, 2);
        var mine = x.detach().clone().requires_grad_(true);
        var actual = rows.SplitHeads(mine, Dimension, _widths);

        var seeds = Array.ConvertAll(actual, part => randn(part.shape, generator: generator).to(type).to(ScalarType.Float32));
        for (int i = 0; i < _widths.Length; i++)
        {
            var heads = expected[i].view(_lengths.Length, Length, -1, Dimension).transpose(1, 2);
            TinyModels.AssertClose(heads.detach(), actual[i].detach(), 0);
            heads.backward([seeds[i]], retain_graph: true);
        }
        autograd.backward([.. actual], [.. seeds]);
        Assert.AreEqual(type, mine.grad!.dtype);
        TinyModels.AssertClose(reference.grad!, mine.grad!.to(ScalarType.Float32), 0);
    }

    [TestMethod]
    [DataRow(ScalarType.Float32, true)]
    [DataRow(ScalarType.Float32, false)]
    [DataRow(ScalarType.BFloat16, true)]
    public void RowsAreThoseOfLibtorchAndTheLastAreZeros(ScalarType type, bool roundsRows)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        var (rows, packed) = Rows(roundsRows);
        var heads = randn([_lengths.Length, 3, Length, Dimension], generator: generator);

        var reference = heads.clone().requires_grad_(true);
        var expected = TokenRows.Pad(reference.transpose(1, 2).reshape(_lengths.Length * Length, -1).index_select(0, packed), rows.Count).to(type);
        var mine = heads.transpose(1, 2).contiguous().transpose(1, 2).requires_grad_(true); // of any strides
        var actual = rows.JoinHeads(mine, type);

        Assert.AreEqual(type, actual.dtype);
        TinyModels.AssertClose(expected.detach().to(ScalarType.Float32), actual.detach().to(ScalarType.Float32), 0);
        var seed = randn(actual.shape, generator: generator).to(type);
        expected.backward([seed]);
        actual.backward([seed]);
        TinyModels.AssertClose(reference.grad!, mine.grad!, 0);
    }

    /// <summary>The rows, and where their tokens stand in (B·T).</summary>
    private static (TokenRows Rows, Tensor Packed) Rows(bool roundsRows)
    {
        var rows = new TokenRows(_lengths, Length, CPU, new TrainingPass(new Dropout(1)) { RoundsRows = roundsRows });
        Assert.AreEqual(roundsRows ? 16 : 13, rows.Count);
        return (rows, tensor(new long[] { 0, 1, 2, 3, 4, 5, 6, 7, 14, 15, 16, 17, 18 }));
    }
}
