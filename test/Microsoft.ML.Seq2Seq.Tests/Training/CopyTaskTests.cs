using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

/// <summary>The whole of training at once: digits are copied without a mistake after a few seconds. (In one of 500 rows or so,
/// how this machine rounds its sums may decide.)</summary>
[TestClass]
public sealed class CopyTaskTests
{
    private const int Vocabulary = 14;
    private const int Longest = 6;
    private const double NearlyAll = 0.99;

    [TestMethod]
    [DataRow(TrainingPrecision.Float32)]
    [DataRow(TrainingPrecision.BFloat16)]
    public void DigitsAreCopied(TrainingPrecision precision)
    {
        using var scope = NewDisposeScope();
        var architecture = new TransformerArchitecture
        {
            ModelDimension = 64,
            Heads = 4,
            EncoderLayers = 1,
            DecoderLayers = 1,
            FeedForwardDimension = 128,
            Dropout = 0,
        };
        using var model = TinyModels.Create(architecture, Vocabulary);
        var (training, validation, held) = (Copies(4000, 1), Copies(200, 2), Copies(500, 3));
        Runs.Train(model, training, validation,
            new TrainingOptions { TokensPerBatch = 512, MaxEpochs = 12, LearningRate = 0.004, WarmupSteps = 50, Schedule = LearningRateSchedule.Cosine, Precision = precision });

        using var batch = SourceBatch.Create([.. Enumerable.Range(0, held.Count).Select(i => held.Source(i).ToArray())], CPU);
        IReadOnlyList<Hypothesis>[] written;
        using (no_grad())
            written = Search.Run(model, batch, new DecodingOptions { BeamSize = 1 });
        int exact = Enumerable.Range(0, held.Count).Count(i => held.Target(i).SequenceEqual([.. written[i][0].Tokens]));
        Assert.IsGreaterThanOrEqualTo(NearlyAll * held.Count, exact);
    }

    private static EncodedPairs Copies(int count, int seed)
    {
        var random = new Random(seed);
        var pairs = new EncodedPairs();
        for (int i = 0; i < count; i++)
        {
            int[] digits = TinyModels.Tokens(random, random.Next(1, Longest + 1), Vocabulary);
            pairs.Add(digits, digits);
        }
        return pairs;
    }
}
