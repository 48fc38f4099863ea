using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tests.Estimators;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Inference;

/// <summary>log P(target | source) of given pairs.</summary>
[TestClass]
public sealed class PairScorerTests
{
    /// <summary>Of lengths that have nothing to do with each other, in several batches; some targets and sources are
    /// empty.</summary>
    private static readonly (string Source, string Target)[] _pairs = Pairs(400);

    [TestMethod]
    public void ScoreIsTheLogProbabilityThatSearchFound()
    {
        var generation = Toy.Model.Generate("abcd", new DecodingOptions { LengthPenalty = 0 });

        float[] scores = [.. Toy.Model.Score([("abcd", generation.Text), ("", "x"), ("abcd", "")])];

        // Search may spell a text in other subwords than the tokenizer would; here it did not.
        Assert.AreEqual(generation.Score, scores[0], 1e-4);
        Assert.IsTrue(float.IsNaN(scores[1]));
        Assert.IsLessThan(0, scores[2]);
    }

    [TestMethod]
    [DataRow(InferencePrecision.Float32)]
    [DataRow(InferencePrecision.BFloat16)]
    [DataRow(InferencePrecision.Int8)]
    public void APairHasTheSameScoreToTheBitAloneAndAmongOthersInTheirOrder(InferencePrecision precision)
    {
        using var model = Toy.Model.WithDecoding(new DecodingOptions { Precision = precision });
        float[] alone = [.. _pairs.Select(pair => model.Score([pair])[0])];
        int[] order = [.. Enumerable.Range(0, _pairs.Length)];
        new Random(6).Shuffle(order);

        CollectionAssert.AreEqual(alone, model.Score(_pairs).ToArray());
        CollectionAssert.AreEqual(order.Select(i => alone[i]).ToArray(), model.Score(order.Select(i => _pairs[i])).ToArray());
        Assert.IsGreaterThan(350, alone.Distinct().Count(), "a score in another's place would show");
    }

    [TestMethod]
    [DoNotParallelize] // what new threads begin with belongs to the process
    public void TheNumberOfThreadsChangesNoScore()
    {
        float[] alone = [.. Toy.Model.Score(_pairs)];
        int before = torch.get_num_threads();
        ThreadSetting.Set(3);
        try
        {
            CollectionAssert.AreEqual(alone, Toy.Model.Score(_pairs).ToArray());
        }
        finally
        {
            ThreadSetting.Set(before);
        }
    }

    [TestMethod]
    public void ScoresAreThoseOfTeacherForcingByLibtorch()
    {
        using var module = Toy.Module();
        float[] scores = [.. Toy.Model.Score(_pairs)];
        for (int i = 0; i < _pairs.Length; i++)
        {
            if (_pairs[i].Source.Length == 0)
            {
                Assert.IsTrue(float.IsNaN(scores[i]), $"pair {i}");
                continue;
            }
            float expected = TeacherForced(module, _pairs[i]);
            Assert.AreEqual(expected, scores[i], 2e-5 * Math.Max(1, Math.Abs(expected)), $"pair {i}, {_pairs[i]}");
        }
    }

    private static float TeacherForced(Seq2Seq.Modeling.TransformerModel module, (string Source, string Target) pair)
    {
        using var scope = NewDisposeScope();
        var codec = Toy.Model.Generator.Codec;
        using var batch = TinyModels.Batch((codec.Source.Encode(pair.Source), codec.Target.Encode(pair.Target)));
        var logProbabilities = nn.functional.log_softmax(TinyModels.Logits(module, batch), dim: -1); // (1, T, V)
        return logProbabilities.gather(2, batch.TargetOutput.unsqueeze(2)).sum().item<float>();
    }

    private static (string Source, string Target)[] Pairs(int count)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, count).Select(i => (Text(i % 23 == 7 ? 0 : random.Next(1, 60), 'a'), Text(random.Next(60), 'A')))];

        string Text(int length, char first) => new([.. Enumerable.Range(0, length).Select(_ => (char)(first + random.Next(6)))]);
    }
}
