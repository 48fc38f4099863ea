using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Training;
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
    public void AverageOfTheBestIsTheMeanOfTheWeightsOfTheLowestLosses()
    {
        using var scope = NewDisposeScope();
        using var model = new BigramModel();
        var last = (Weights: Runs.Weights(model), Loss: 0.0);
        var snapshots = new List<(Tensor Weights, double Loss)>();
        var ranks = new List<int>();
        var options = Options(o => (o.AverageCheckpoints, o.AverageBest, o.LearningRate, o.EarlyStoppingPatience) = (3, true, 0.2, null));
        var run = Runs.Train(model, _training, _validation, options, 1, null,
            new Watcher(
                run => last = (run.Parameters.Values.clone(), Runs.Loss(model, _validation)),
                run =>
                {
                    snapshots.Add(last);
                    var best = snapshots.OrderBy(snapshot => snapshot.Loss).Take(3).ToArray();
                    ranks.Add(best.Count(snapshot => snapshots.TakeLast(3).Contains(snapshot)));
                    TinyModels.AssertClose(stack(best.Select(snapshot => snapshot.Weights)).mean([0]), run.Parameters.Values, 1e-6);
                    Assert.AreEqual(Runs.Loss(model, _validation), run.ValidationLoss!.Value, 1e-5, "the loss is that of the mean");
                }));
        Assert.HasCount(8, snapshots);
        Assert.IsLessThan(3, ranks.Min(), "the best three are not always the last");
        Assert.AreEqual(run.BestValidationLoss!.Value, Runs.Loss(model, _validation), 1e-5);
    }

    [TestMethod]
    public void AverageOfTheBestFollowsAMetric()
    {
        using var scope = NewDisposeScope();
        using var model = new BigramModel();
        double[] own = [1, 5, 5, 4, 5, 9, double.NaN, 7], means = [1, 2, 3, 4, 5, 8, 7, 6];
        int[][] expected = [[0], [0, 1], [1, 2], [1, 2], [1, 2], [1, 5], [1, 5], [5, 7]];
        var snapshots = new List<Tensor>();
        var validated = new List<Tensor>();
        Tensor? last = null;
        int calls = 0;
        var run = new TrainingLoop(
            model, _training, _validation, Options(o => (o.AverageCheckpoints, o.AverageBest, o.Threads) = (2, true, 1)), 1, () => false,
            new Watcher(
                run => last = run.Parameters.Values.clone(),
                run =>
                {
                    snapshots.Add(last!);
                    validated.Add(run.Parameters.Values.clone());
                    int[] best = expected[validated.Count - 1];
                    TinyModels.AssertClose(stack(best.Select(i => snapshots[i])).mean([0]), run.Parameters.Values, 1e-6, $"validation {validated.Count}");
                    Assert.AreEqual(means[validated.Count - 1], run.ValidationMetric);
                }))
        {
            Scorer = () => (calls % 2 == 0 ? own : means)[calls++ / 2],
        }.Run();
        Assert.HasCount(8, validated);
        Assert.AreEqual(8, run.BestScore, "that of a mean, though weights scored 9 by themselves");
        Assert.IsTrue(validated[5].eq(Runs.Weights(model)).all().item<bool>());
    }

    [TestMethod]
    public void AverageOfTheBestNeedsValidationRows()
    {
        using var model = new BigramModel();
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => Runs.Train(model, _training, null, Options(o => (o.AverageCheckpoints, o.AverageBest) = (2, true))));
        Assert.Contains("AverageBest", error.Message);
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
        Assert.IsTrue(plain.eq(Trained(o => (o.AverageCheckpoints, o.AverageBest) = (3, true))).all().item<bool>());
    }

    private static TrainingOptions Options(Action<TrainingOptions> change)
    {
        var options = new TrainingOptions { TokensPerBatch = 50, MaxEpochs = 8, LearningRate = 0.02 };
        change(options);
        return options;
    }
}
