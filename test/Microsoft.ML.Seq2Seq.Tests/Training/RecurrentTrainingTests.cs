using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

/// <summary>The recurrent model in the loop that knows no architecture.</summary>
[TestClass]
[DoNotParallelize] // one test counts the tensors of the process
public sealed class RecurrentTrainingTests
{
    private const int Vocabulary = 14;

    [TestMethod]
    [DataRow(RecurrentCell.Lstm, true, 1)]
    [DataRow(RecurrentCell.Lstm, false, 1)]
    [DataRow(RecurrentCell.Gru, true, 2)]
    public void LiveTensorsStayConstantOverSteps(RecurrentCell cell, bool feeding, int threads)
    {
        using var model = TinyModels.Create(TinyModels.Recurrent(a => (a.Cell, a.InputFeeding, a.Dropout) = (cell, feeding, 0.1)));
        Collect();
        long before = Tensor.TotalCount;
        var counts = new List<long>();
        Runs.Train(model, Runs.RandomPairs(60, seed: 4), Runs.RandomPairs(10, seed: 5),
            new TrainingOptions { TokensPerBatch = 64, MaxSteps = 100, MaxEpochs = 1000, ValidateEverySteps = 20, Threads = threads },
            1, null, new Watcher(onStep: _ => counts.Add(Tensor.TotalCount)));
        Assert.HasCount(100, counts);
        for (int step = 31; step < counts.Count; step++)
            Assert.IsLessThanOrEqualTo(counts[step - 1], counts[step], $"step {step + 1}");
        Collect();
        // TorchSharp counts the tensor that a Parameter was made of for ever: one for each weight of a replica.
        int made = (threads - 1) * model.named_parameters().Count();
        Assert.AreEqual(before + made, Tensor.TotalCount);
    }

    [TestMethod]
    [DataRow(DecodingStrategy.Beam)]
    [DataRow(DecodingStrategy.Greedy)]
    public void SearchLeavesNoTensorBehind(DecodingStrategy strategy)
    {
        using var model = TinyModels.Create(TinyModels.Recurrent());
        using var batch = SourceBatch.Create([[4, 5, 6], [], [7, 8, 9, 10]], CPU);
        var options = new DecodingOptions { Strategy = strategy, MaxLength = 12, CoveragePenalty = strategy == DecodingStrategy.Beam ? 0.2 : 0 };
        using (NewDisposeScope())
            Search.Run(model, batch, options);
        Collect();
        long before = Tensor.TotalCount;
        for (int i = 0; i < 3; i++)
            using (NewDisposeScope())
                Search.Run(model, batch, options);
        Collect();
        Assert.AreEqual(before, Tensor.TotalCount);
    }

    [TestMethod]
    public void ReplicasTrainLikeOneModel()
    {
        using var scope = NewDisposeScope();
        TinyModels.AssertClose(Train(1), Train(2), 1e-4);

        static Tensor Train(int threads)
        {
            using var model = TinyModels.Create(TinyModels.Recurrent());
            Runs.Train(model, Runs.RandomPairs(40, seed: 4), null, new TrainingOptions
            {
                Threads = threads,
                TokensPerBatch = 100,
                MaxSteps = 10,
                Epsilon = 1, // the update is then about the gradient: rounding is not blown up
                LearningRate = 0.5,
                Schedule = LearningRateSchedule.Constant,
                WarmupSteps = 0,
            });
            return Runs.Weights(model);
        }
    }

    /// <summary>Beam and greedy search both write the copy.</summary>
    [TestMethod]
    [DataRow(RecurrentCell.Lstm, RecurrentAttention.Luong, true, TrainingPrecision.Float32)]
    [DataRow(RecurrentCell.Gru, RecurrentAttention.Bahdanau, true, TrainingPrecision.BFloat16)]
    [DataRow(RecurrentCell.Lstm, RecurrentAttention.Luong, false, TrainingPrecision.Float32)]
    public void DigitsAreCopied(RecurrentCell cell, RecurrentAttention attention, bool feeding, TrainingPrecision precision)
    {
        using var model = TinyModels.Create(new RecurrentArchitecture
        {
            Cell = cell,
            Attention = attention,
            InputFeeding = feeding,
            HiddenDimension = 64,
            EmbeddingDimension = 32,
            EncoderLayers = 1,
            DecoderLayers = 1,
            Dropout = 0,
        }, Vocabulary);
        var (training, held) = (Copies(4000, 1), Copies(300, 3));
        Runs.Train(model, training, Copies(200, 2), new TrainingOptions
        {
            TokensPerBatch = 512,
            MaxEpochs = 12,
            LearningRate = 0.01,
            WarmupSteps = 50,
            Schedule = LearningRateSchedule.Cosine,
            Precision = precision,
        });

        using var batch = SourceBatch.Create([.. Enumerable.Range(0, held.Count).Select(i => held.Source(i).ToArray())], CPU);
        foreach (var strategy in new[] { DecodingStrategy.Beam, DecodingStrategy.Greedy })
        {
            var written = Search.Run(model, batch, new DecodingOptions { Strategy = strategy });
            int exact = Enumerable.Range(0, held.Count).Count(i => held.Target(i).SequenceEqual([.. written[i][0].Tokens]));
            Assert.IsGreaterThan(0.95 * held.Count, exact, $"{strategy}");
        }
    }

    private static EncodedPairs Copies(int count, int seed)
    {
        var random = new Random(seed);
        var pairs = new EncodedPairs();
        for (int i = 0; i < count; i++)
        {
            int[] digits = TinyModels.Tokens(random, random.Next(1, 7), Vocabulary);
            pairs.Add(digits, digits);
        }
        return pairs;
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
