using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

[TestClass]
public sealed class CrossEntropyTests
{
    /// <summary>Embedding rows are the logits (the output matrix is the identity), and these are the logarithms of
    /// 1/2, 1/4 and 1/4.</summary>
    [TestMethod]
    public void LossAndGradientEqualHandComputedValues()
    {
        using var scope = NewDisposeScope();
        using var model = new BigramModel(vocabulary: 3, width: 3);
        var weights = model.named_parameters().ToDictionary(named => named.name, named => named.parameter);
        using (no_grad())
        {
            weights["output"].copy_(eye(3));
            weights["embedding"].copy_(tensor(new float[,] { { 0, 0, 0 }, { 2, 1, 1 }, { 0, 0, 0 } }).log());
        }
        using var parameters = new FlatParameters(model);
        // One row without text: the decoder reads "begin" (1) and must write "end" (2), whose probability is 1/4.
        using var batch = TinyModels.Batch(([], []));

        var sum = CrossEntropy.ForwardBackward(model, batch, smoothing: 0.1, scale: 2, new TrainingPass(new Dropout(1)));

        double ln2 = Math.Log(2), ln4 = Math.Log(4);
        Assert.AreEqual(1, sum.Tokens);
        Assert.AreEqual(ln4, sum.Likelihood, 1e-6);
        Assert.AreEqual((0.9 * ln4) + (0.1 * (ln2 + ln4 + ln4) / 3), sum.Smoothed, 1e-6);
        // p - 0.9·onehot - 0.1/3, times 2
        double[] expected = [2 * (0.5 - (0.1 / 3)), 2 * (0.25 - (0.1 / 3)), 2 * (0.25 - 0.9 - (0.1 / 3))];
        var gradient = weights["embedding"].grad![1].data<float>().ToArray();
        for (int i = 0; i < 3; i++)
            Assert.AreEqual(expected[i], gradient[i], 1e-6);
    }

    [TestMethod]
    [DataRow(0.0, EmbeddingSharing.All, PositionalEncodingKind.Sinusoidal, false)]
    [DataRow(0.1, EmbeddingSharing.All, PositionalEncodingKind.Sinusoidal, true)]
    [DataRow(0.1, EmbeddingSharing.DecoderInputOutput, PositionalEncodingKind.Rotary, true)]
    [DataRow(0.1, EmbeddingSharing.None, PositionalEncodingKind.Relative, true)]
    [DataRow(0.3, EmbeddingSharing.All, PositionalEncodingKind.Learned, false)]
    public void LossAndEveryGradientEqualLibtorchs(double smoothing, EmbeddingSharing sharing, PositionalEncodingKind positions, bool roundsRows)
    {
        using var scope = NewDisposeScope();
        var architecture = TinyModels.Architecture(a => (a.ShareEmbeddings, a.PositionalEncoding) = (sharing, positions));
        using var ours = TinyModels.Create(architecture);
        using var theirs = TinyModels.Create(architecture);
        using var parameters = new FlatParameters(ours);
        // More target tokens than one chunk of the loss holds.
        var pairs = Runs.RandomPairs(81, seed: 3);
        using var batch = Batch.Create(pairs, [.. Enumerable.Range(0, pairs.Count)], CPU);
        Assert.IsGreaterThan(256, batch.TargetTokens);
        var training = new TrainingPass(new Dropout(1)) { RoundsRows = roundsRows };
        foreach (var (lengths, ids) in new[] { (batch.SourceLengths, batch.Source), (batch.TargetLengths, batch.TargetInput) })
        {
            Assert.IsLessThan(ids.numel(), (long)lengths.Sum(), "something is padded");
            Assert.AreEqual(roundsRows, new TokenRows(lengths, ids.shape[1], CPU, training).Count > lengths.Sum());
        }

        var sum = CrossEntropy.ForwardBackward(ours, batch, smoothing, 1.0 / batch.TargetTokens, training);
        var logits = theirs.Logits(theirs.Forward(batch, training: null)).view(-1, theirs.TargetVocabulary);
        var targets = batch.TargetOutput.view(-1);
        var loss = nn.functional.cross_entropy(logits, targets, ignore_index: 0, label_smoothing: smoothing);
        var likelihood = nn.functional.cross_entropy(logits, targets, ignore_index: 0);
        loss.backward();

        Assert.AreEqual(loss.item<float>(), sum.Smoothed / sum.Tokens, 1e-5);
        Assert.AreEqual(likelihood.item<float>(), sum.Likelihood / sum.Tokens, 1e-5);
        var expected = theirs.named_parameters().ToDictionary(named => named.name, named => named.parameter.grad!);
        foreach (var (name, parameter) in ours.named_parameters())
            TinyModels.AssertClose(expected[name], parameter.grad!, 2e-6, name);
    }

    [TestMethod]
    public void GradientsAddUpOverBatches()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Create();
        using var parameters = new FlatParameters(model);
        using var batch = TinyModels.Batch(([4, 5], [6, 7, 8]), ([9], [10]));
        CrossEntropy.ForwardBackward(model, batch, 0.1, 1, new TrainingPass(new Dropout(1)));
        var once = parameters.Gradients.clone();
        CrossEntropy.ForwardBackward(model, batch, 0.1, 1, new TrainingPass(new Dropout(1)));
        TinyModels.AssertClose(once.mul(2), parameters.Gradients, 1e-4);
    }

    [TestMethod]
    public void LossOfExtremeLogitsStaysFinite()
    {
        using var scope = NewDisposeScope();
        using var model = new BigramModel();
        using (no_grad())
            foreach (var (_, parameter) in model.named_parameters())
                parameter.mul_(1000);
        using var parameters = new FlatParameters(model);
        using var batch = TinyModels.Batch(([4], [5, 6, 7, 8, 9, 10, 11, 12]));
        var sum = CrossEntropy.ForwardBackward(model, batch, 0.1, 1, new TrainingPass(new Dropout(1)));
        Assert.IsTrue(double.IsFinite(sum.Smoothed));
        Assert.IsTrue(parameters.Gradients.isfinite().all().item<bool>());
    }

    [TestMethod]
    public void EvaluationLeavesGradientsAlone()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Create();
        using var parameters = new FlatParameters(model);
        using var batch = TinyModels.Batch(([4, 5], [6, 7, 8]), ([9], [10]));
        var evaluated = CrossEntropy.Evaluate(model, batch, 0.1);
        Assert.AreEqual(0, parameters.Gradients.abs().max().item<float>());
        var trained = CrossEntropy.ForwardBackward(model, batch, 0.1, 1, new TrainingPass(new Dropout(1)));
        Assert.AreEqual(trained.Smoothed, evaluated.Smoothed, 1e-5);
    }
}
