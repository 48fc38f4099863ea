using System.Runtime.InteropServices;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class OutOfMemoryTests
{
    private readonly EncodedPairs _pairs = Runs.RandomPairs(24, seed: 4);

    [TestMethod]
    public void AFailedAllocationOfLibtorchIsToldFromOtherErrors()
    {
        Assert.IsTrue(MemoryFailure.Is(Assert.Throws<ExternalException>(Exhaust)));
        Assert.IsTrue(MemoryFailure.Is(new ExternalException("CUDA out of memory. Tried to allocate 2.00 GiB.")));
        using var wrong = zeros(2, 3);
        Assert.IsFalse(MemoryFailure.Is(Assert.Throws<ExternalException>(() => wrong.mm(wrong))));
        Assert.IsFalse(MemoryFailure.Is(new InvalidOperationException("out of memory")));
    }

    [TestMethod]
    [DataRow(1, 1, 7, false)]
    [DataRow(1, 3, 1, false)]
    [DataRow(3, 1, 5, false)]
    [DataRow(1, 2, 2, false)]
    [DataRow(1, 1, 7, true)]
    [DataRow(3, 1, 5, true)]
    public void ASplitUpdateIsThatOfTheWholeBatch(int threads, int accumulation, int mostRows, bool inBackwardPass)
    {
        using var scope = NewDisposeScope();
        var (whole, wholeRun) = Train(threads, accumulation, mostRows: int.MaxValue);
        var (split, run) = Train(threads, accumulation, mostRows, inBackwardPass: inBackwardPass);

        Assert.AreEqual(0, wholeRun.SplitBatches);
        Assert.IsGreaterThan(0, run.SplitBatches);
        Assert.AreEqual(0, run.RowsLeftOut);
        Assert.AreEqual(0, run.SkippedSteps);
        Assert.AreEqual(wholeRun.TokensTrained, run.TokensTrained);
        Modeling.TinyModels.AssertClose(whole, split, 1e-5);
    }

    [TestMethod]
    public void ARowThatDoesNotFitAloneIsLeftOutAndTheOthersCountAsIfItWereNotThere()
    {
        using var scope = NewDisposeScope();
        int longest = Enumerable.Range(0, _pairs.Count).MaxBy(_pairs.TargetLength);
        var others = new EncodedPairs();
        for (int i = 0; i < _pairs.Count; i++)
            if (_pairs.TargetLength(i) < _pairs.TargetLength(longest))
                others.Add(_pairs.Source(i), _pairs.Target(i));
        int left = _pairs.Count - others.Count;

        var (expected, _) = Train(1, 1, int.MaxValue, others);
        var (actual, run) = Train(1, 1, int.MaxValue, _pairs, mostTokens: _pairs.TargetLength(longest)); // begin and text of a shorter row

        Assert.AreEqual(3 * left, run.RowsLeftOut, "in each of three epochs");
        Assert.AreEqual(0, run.SkippedSteps);
        Modeling.TinyModels.AssertClose(expected, actual, 1e-5);
    }

    [TestMethod]
    public void ARunOfWhichNoRowFitsEndsWithAClearError()
    {
        using var model = new BigramModel { OnPass = _ => Exhaust() };
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Runs.Train(model, _pairs, null, Options(1, 1)));
        Assert.Contains("Memory is too small for a single row", error.Message);
        Assert.Contains(nameof(SubwordOptions.MaximumTokens), error.Message);
    }

    [TestMethod]
    public void AValidationIsSplitToo()
    {
        using var model = new BigramModel();
        double whole = 0, split = 0;
        var options = new TrainingOptions { TokensPerBatch = 1000, MaxSteps = 1, LearningRate = 1e-9 };
        Runs.Train(model, _pairs, _pairs, options, 1, null, new Watcher(onValidation: run => whole = run.ValidationLoss!.Value));
        model.OnPass = batch => ExhaustIf(batch.Rows > 5);
        Runs.Train(model, _pairs, _pairs, options, 1, null, new Watcher(onValidation: run => split = run.ValidationLoss!.Value));
        Assert.AreEqual(whole, split, 1e-5);
    }

    private (Tensor Weights, TrainingRun Run) Train(
        int threads, int accumulation, int mostRows, EncodedPairs? pairs = null, long mostTokens = long.MaxValue, bool inBackwardPass = false)
    {
        using var model = new BigramModel();
        if (inBackwardPass)
            model.OnBackward = OnPass;
        else
            model.OnPass = OnPass;
        var run = Runs.Train(model, pairs ?? _pairs, null, Options(threads, accumulation));
        return (Runs.Weights(model), run);

        void OnPass(Batch batch)
        {
            bool fails = batch.Rows > mostRows || batch.TargetInput.shape[1] > mostTokens;
            if (fails)
                foreach (var parameter in model.parameters())
                    parameter.grad?.fill_(Scalars.One); // what a backward pass has done before it breaks off
            ExhaustIf(fails);
        }
    }

    private static TrainingOptions Options(int threads, int accumulation) => new()
    {
        Threads = threads,
        TokensPerBatch = accumulation == 1 ? 1000 : 60,
        GradientAccumulation = accumulation,
        MaxEpochs = 3,
        Epsilon = 1, // the update is then about the gradient
        LearningRate = 0.5,
        Schedule = LearningRateSchedule.Constant,
        WarmupSteps = 0,
    };

    private static void ExhaustIf(bool condition)
    {
        if (condition)
            Exhaust();
    }

    /// <summary>Asks libtorch for more memory than there is address space.</summary>
    private static void Exhaust() => empty(1L << 50).Dispose();
}
