using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class ReplicasTests
{
    private readonly EncodedPairs _pairs = Runs.RandomPairs(40, seed: 4);

    [TestMethod]
    [DataRow(2, 100)]
    [DataRow(3, 100)]
    [DataRow(3, 1, DisplayName = "fewer rows than replicas")]
    public void ReplicasTrainLikeOneModel(int threads, int tokens)
    {
        using var scope = NewDisposeScope();
        TinyModels.AssertClose(Train(1, tokens, dropout: 0), Train(threads, tokens, dropout: 0), 1e-4);
    }

    [TestMethod]
    public void SameThreadsGiveTheSameWeights()
    {
        using var scope = NewDisposeScope();
        var first = Train(2, 100, dropout: 0.2);
        Assert.IsTrue(first.eq(Train(2, 100, dropout: 0.2)).all().item<bool>());
    }

    [TestMethod]
    public void AReplicaDropsOtherElements()
    {
        using var scope = NewDisposeScope();
        Assert.IsFalse(Train(1, 100, 0.2).eq(Train(2, 100, 0.2)).all().item<bool>());
    }

    [TestMethod]
    public void AnErrorInAReplicaEndsTheRun()
    {
        using var model = new BigramModel();
        model.Breaks = _ => Thread.CurrentThread.Name?.StartsWith("Training replica", StringComparison.Ordinal) == true
            ? throw new InvalidTimeZoneException()
            : false;
        Assert.ThrowsExactly<InvalidTimeZoneException>(() => Runs.Train(model, _pairs, null, new TrainingOptions { Threads = 2 }));
    }

    private Tensor Train(int threads, int tokens, double dropout)
    {
        using var model = TinyModels.Create(TinyModels.Architecture(a => a.Dropout = dropout));
        Runs.Train(model, _pairs, null, new TrainingOptions
        {
            Threads = threads,
            TokensPerBatch = tokens,
            MaxSteps = 10,
            Epsilon = 1, // the update is then about the gradient: rounding is not blown up
            LearningRate = 0.5,
            Schedule = LearningRateSchedule.Constant,
            WarmupSteps = 0,
        });
        return Runs.Weights(model);
    }
}
