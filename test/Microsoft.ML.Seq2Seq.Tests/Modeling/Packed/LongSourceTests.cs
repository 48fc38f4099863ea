using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling.Packed;

/// <summary>Sources whose queries come in blocks, on either side of where that begins.</summary>
[TestClass]
public sealed class LongSourceTests
{
    private const int Vocabulary = 13;
    private const int Longest = PackedSelfAttention.LeastInBlocks + 70;

    private static readonly int[][] _sources =
        [.. new[] { Longest, 5, PackedSelfAttention.LeastInBlocks - 1, PackedSelfAttention.LeastInBlocks - 2 }.Select((length, i) => TinyModels.Tokens(new Random(i), length))];

    public static IEnumerable<object[]> Architectures() => PackedTransformerTests.Architectures();

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void TheirEncodingIsTheModelsOwn(string name, TransformerArchitecture architecture)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var model = TinyModels.Create(architecture, Vocabulary);
        IEncoder packed = new PackedTransformer(architecture, StoredWeights.Of(model, InferencePrecision.Float32));
        for (int i = 0; i < _sources.Length; i++)
        {
            using var alone = SourceBatch.Create([_sources[i]], torch.CPU);
            TinyModels.AssertClose(model.Encode(alone, training: null), packed.Encode(alone, training: null), 1e-4, $"{name}, source {i}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void NeitherThreadsNorNeighboursChangeABit(string name, TransformerArchitecture architecture)
    {
        using var scope = torch.NewDisposeScope();
        using var model = TinyModels.Create(architecture, Vocabulary);
        IStepModel packed = new PackedTransformer(architecture, StoredWeights.Of(model, InferencePrecision.Float32));
        using var team = new Team(3);
        float[][] together = Logits(packed, _sources, team);
        for (int i = 0; i < _sources.Length; i++)
            CollectionAssert.AreEqual(Logits(packed, [_sources[i]], Team.Alone)[0], together[i], $"{name}, source {i}");
    }

    /// <summary>Of the first step.</summary>
    private static float[][] Logits(IStepModel model, int[][] sources, Team team)
    {
        using var batch = SourceBatch.Create(sources, torch.CPU);
        var (output, state) = model.Step(model.Start(batch, team), [.. sources.Select(_ => SpecialTokens.Begin)]);
        float[][] logits = [.. sources.Select((_, row) => output.Logits(row).ToArray())];
        state.Dispose();
        return logits;
    }
}
