using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class WeightAverageTests
{
    private readonly EncodedPairs _training = Runs.RandomPairs(20, seed: 4);
    private readonly EncodedPairs _validation = Runs.RandomPairs(20, seed: 5);

    [TestMethod]
    public void MovingAverageFollowsItsFormulaAndIsWhatIsValidatedAndKept()
    {
        using var scope = NewDisposeScope();
        using var model = new BigramModel();
        var average = Runs.Weights(model);
        int step = 0;
        var run = Runs.Train(model, _training, _validation, Options(o => o.ExponentialMovingAverage = 0.9), 1, null,
            new Watcher(
                run =>
                {
                    step++;
                    double kept = Math.Min(0.9, (1.0 + step) / (10.0 + step));
                    average = average.mul(kept).add(run.Parameters.Values.mul(1 - kept));
                },
                run =>
                {
                    TinyModels.AssertClose(average, run.Parameters.Values, 1e-6, $"step {step}");
                    Assert.AreEqual(Runs.Loss(model, _validation), run.ValidationLoss!.Value, 1e-5);
                }));
        Assert.AreEqual(run.BestValidationLoss!.Value, Runs.Loss(model, _validation), 1e-5);
    }

    [TestMethod]
    public void CheckpointAverageIsTheMeanOfTheLastValidations()
    {
        using var scope = NewDisposeScope();
        using var model = new BigramModel();
        Tensor? last = null;
        var snapshots = new List<Tensor>();
        Runs.Train(model, _training, _validation, Options(o => o.AverageCheckpoints = 3), 1, null,
            new Watcher(
                run => last = run.Parameters.Values.clone(),
                run =>
                {
                    snapshots.Add(last!);
                    TinyModels.AssertClose(stack(snapshots.TakeLast(3)).mean([0]), run.Parameters.Values, 1e-6);
                }));
        Assert.HasCount(8, snapshots);
    }

    [TestMethod]
    [DataRow(null, 1, false)]
    [DataRow(0.9, 1, true)]
    [DataRow(null, 3, true)]
    public void WithoutValidationRowsTheAverageIsTheResult(double? decay, int checkpoints, bool isAveraged)
    {
        using var scope = NewDisposeScope();
        using var model = new BigramModel();
        Tensor? trained = null;
        Runs.Train(model, _training, null, Options(o => (o.ExponentialMovingAverage, o.AverageCheckpoints) = (decay, checkpoints)),
            1, null, new Watcher(run => trained = run.Parameters.Values.clone()));
        Assert.AreEqual(!isAveraged, trained!.eq(Runs.Weights(model)).all().item<bool>());
    }

    [TestMethod]
    public void AveragingDoesNotDisturbTraining()
    {
        using var scope = NewDisposeScope();
        Tensor Trained(Action<TrainingOptions> change)
        {
            using var model = new BigramModel();
            Tensor? last = null;
            Runs.Train(model, _training, _validation, Options(change), 1, null, new Watcher(run => last = run.Parameters.Values.clone()));
            return last!;
        }

        var plain = Trained(_ => { });
        Assert.IsTrue(plain.eq(Trained(o => o.ExponentialMovingAverage = 0.9)).all().item<bool>());
        Assert.IsTrue(plain.eq(Trained(o => o.AverageCheckpoints = 3)).all().item<bool>());
    }

    private static TrainingOptions Options(Action<TrainingOptions> change)
    {
        var options = new TrainingOptions { TokensPerBatch = 50, MaxEpochs = 8, LearningRate = 0.02 };
        change(options);
        return options;
    }
}
