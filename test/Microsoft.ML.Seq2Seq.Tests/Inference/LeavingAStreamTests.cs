using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Persistence;
using Microsoft.ML.Seq2Seq.Tests.Decoding;
using Microsoft.ML.Seq2Seq.Tests.Estimators;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Inference;

/// <summary>A stream that ends before its text does.</summary>
[TestClass]
public sealed class LeavingAStreamTests
{
    /// <summary>The step before which the search waits for the reader, and all steps of a search that nobody stops.</summary>
    private const int Held = 5, Steps = 1000;

    private readonly ManualResetEventSlim _mayGoOn = new();
    private int _steps;

    [TestCleanup]
    public void Dispose() => _mayGoOn.Dispose();

    [TestMethod]
    public async Task LeavingAStreamStopsTheSearch()
    {
        var pieces = Stream(CancellationToken.None).GetAsyncEnumerator();
        Assert.IsTrue(await pieces.MoveNextAsync());

        var leaving = pieces.DisposeAsync();
        _mayGoOn.Set();
        await leaving;

        Assert.AreEqual(Held, _steps);
    }

    [TestMethod]
    public async Task CancelingAStreamStopsTheSearch()
    {
        using var canceled = new CancellationTokenSource();
        var pieces = Stream(canceled.Token).GetAsyncEnumerator();
        Assert.IsTrue(await pieces.MoveNextAsync());

        await canceled.CancelAsync();
        _mayGoOn.Set();

        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            while (await pieces.MoveNextAsync())
            {
            }
        });
        Assert.AreEqual(Held, _steps);
    }

    [TestMethod]
    public async Task AStreamThatIsReadToItsEndTakesEveryStep()
    {
        _mayGoOn.Set();
        var written = new List<string>();
        await foreach (string piece in Stream(CancellationToken.None))
            written.Add(piece);

        Assert.AreEqual(new string('a', Steps), string.Concat(written));
        Assert.AreEqual(Steps + 1, _steps);
    }

    [TestMethod]
    public async Task AnErrorReachesTheReader()
    {
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (string _ in Toy.Model.GenerateStreaming("fadebc", ct: canceled.Token))
            {
            }
        });
        var disposed = Toy.Model.WithDecoding(new DecodingOptions());
        disposed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => disposed.GenerateStreaming("a"));
    }

    /// <summary>"aaaa…", of a model whose steps are counted, and one of them held up.</summary>
    private IAsyncEnumerable<string> Stream(CancellationToken cancellation)
    {
        const int Vocabulary = 5, A = 4;
        var model = new ScriptedModel(Vocabulary, (_, _) => [.. Enumerable.Range(0, Vocabulary).Select(token => token == A ? 9.0 : 0)])
        {
            OnStep = _ =>
            {
                if (++_steps == Held)
                    Assert.IsTrue(_mayGoOn.Wait(TimeSpan.FromSeconds(60)));
            },
        };
        var tokenizer = SubwordLearner.Learn(["a"], new SubwordOptions { Kind = SubwordKind.Character, MinimumFrequency = 1 });
        Assert.AreEqual(Vocabulary, tokenizer.VocabularySize);
        var weights = new SharedModel(new ServedScript(model));
        weights.AddOwner();
        var generator = new TextGenerator(weights, new TextCodec(tokenizer, tokenizer, 2048, OverflowPolicy.Truncate), torch.CPU);
        var options = new DecodingOptions { Strategy = DecodingStrategy.Greedy, MaxLength = Steps, MaxLengthRatio = 0 };
        return TextStream.Generate(generator, "a", generator.Codec.Plan(options), cancellation);
    }

    private sealed class ServedScript(ScriptedModel model) : ServedModel
    {
        public override InferencePrecision Precision => InferencePrecision.Float32;

        public override void Require(InferencePrecision precision)
        {
        }

        public override IStepModel Predictor(InferencePrecision precision) => model;

        public override ServedModel Quantize(InferencePrecision precision) => throw new NotSupportedException();

        public override IReadOnlyList<TensorContent> Contents() => [];

        public override void Dispose()
        {
        }
    }
}
