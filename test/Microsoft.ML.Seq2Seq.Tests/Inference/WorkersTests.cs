using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;

namespace Microsoft.ML.Seq2Seq.Tests.Inference;

/// <summary>Decoding on several threads.</summary>
[TestClass]
[DoNotParallelize] // counts live tensors
public sealed class WorkersTests
{
    private static readonly DecodingPlan _plan = new(
        new DecodingOptions { BeamSize = 2, MaxLength = 8, BatchTokens = 60, OutputTokenScores = true });

    public static IEnumerable<object[]> StrategiesAndPrecisions() =>
        from strategy in Enum.GetValues<DecodingStrategy>()
        from precision in new[] { InferencePrecision.Float32, InferencePrecision.BFloat16, InferencePrecision.Int8 }
        select new object[] { strategy, precision };

    [TestMethod]
    [DynamicData(nameof(StrategiesAndPrecisions))]
    public void AnyNumberOfWorkersGivesTheSame(DecodingStrategy strategy, InferencePrecision precision)
    {
        using var model = TinyModels.Create();
        var generator = Generator(model);
        var plan = generator.Codec.Plan(new DecodingOptions
        {
            Strategy = strategy,
            BeamSize = 2,
            MaxLength = 8,
            BatchTokens = 60,
            Precision = precision,
            OutputTokenScores = true,
        });
        var requests = Requests(100);

        var expected = generator.Generate(requests, plan, workers: 1);
        foreach (int workers in new[] { 2, 3 })
        {
            var actual = generator.Generate(requests, plan, workers: workers);
            CollectionAssert.AreEqual(expected.Select(one => one.Text).ToArray(), actual.Select(one => one.Text).ToArray());
            for (int i = 0; i < requests.Length; i++)
            {
                Assert.AreEqual(expected[i].Score, actual[i].Score);
                CollectionAssert.AreEqual(expected[i].TokenScores.ToArray(), actual[i].TokenScores.ToArray());
            }
        }
    }

    [TestMethod]
    public void ARowWithAWideBeamIsWorthOneThread()
    {
        using var model = TinyModels.Create();
        var generator = Generator(model);
        var plan = generator.Codec.Plan(new DecodingOptions { BeamSize = 40, MaxLength = 8 });
        foreach (int rows in new[] { 1, 2, 3, 5 })
            Assert.HasCount(rows, generator.Generate(Requests(rows), plan, workers: 8));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ManyRowsAreDealtOutASmallBatchOfLibtorchsGetsAThreadAndAnyOtherStaysOnTheCallers(bool isPacked)
    {
        using var model = TinyModels.CreateAny(isPacked ? TinyModels.Architecture() : TinyModels.Recurrent());
        var generator = Generator(model);

        Assert.AreEqual(isPacked, Threads(Requests(1), workers: 3).Contains(Environment.CurrentManagedThreadId));
        Assert.Contains(Environment.CurrentManagedThreadId, Threads([new GenerationRequest(new string('a', 2000))], workers: 3));
        Assert.Contains(Environment.CurrentManagedThreadId, Threads(Requests(30), workers: 1));
        var threads = Threads(Requests(100), workers: 3, andAnother: true);
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, threads);
        Assert.IsGreaterThan(1, threads.Count);

        // One thread may be through with everything before the next has begun: the first waits for another.
        HashSet<int> Threads(GenerationRequest[] requests, int workers, bool andAnother = false)
        {
            var seen = new HashSet<int>();
            using var another = new ManualResetEventSlim(!andAnother);
            generator.Generate(requests, _plan, settled: (_, _) =>
            {
                lock (seen)
                {
                    seen.Add(Environment.CurrentManagedThreadId);
                    if (seen.Count > 1)
                        another.Set();
                }
                another.Wait(TimeSpan.FromSeconds(20));
            }, workers: workers);
            return seen;
        }
    }

    [TestMethod]
    public void EveryRowIsCountedOnce()
    {
        using var model = TinyModels.Create();
        int decoded = 0;
        var requests = Requests(50).Append(new GenerationRequest("")).ToArray();

        Generator(model).Generate(requests, _plan, decoded: rows => Interlocked.Add(ref decoded, rows), workers: 2);

        Assert.AreEqual(51, decoded);
    }

    [TestMethod]
    public void NothingStaysBehindWhateverTheEnd()
    {
        using var model = TinyModels.Create();
        var generator = Generator(model);
        var requests = Requests(60);
        generator.Generate(requests, _plan, workers: 2);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = torch.Tensor.TotalCount;

        for (int i = 0; i < 20; i++)
            generator.Generate(requests, _plan, workers: 2);
        Assert.AreEqual(before, torch.Tensor.TotalCount);

        using var canceled = new CancellationTokenSource();
        var stopped = Assert.ThrowsExactly<OperationCanceledException>(() => generator.Generate(
            requests, _plan, decoded: _ => canceled.Cancel(), workers: 2, cancellation: canceled.Token));
        Assert.AreEqual(canceled.Token, stopped.CancellationToken);
        Assert.AreEqual(before, torch.Tensor.TotalCount);

        int calls = 0;
        Assert.AreEqual("not this", Assert.ThrowsExactly<InvalidOperationException>(() => generator.Generate(
            requests, _plan, settled: (_, _) =>
            {
                if (Interlocked.Increment(ref calls) == 5)
                    throw new InvalidOperationException("not this");
            }, workers: 2)).Message);
        Assert.AreEqual(before, torch.Tensor.TotalCount);
    }

    private static TextGenerator Generator(Microsoft.ML.Seq2Seq.Modeling.SequenceModel model)
    {
        var tokenizer = SubwordLearner.Learn(["abcdefghi"], new SubwordOptions { Kind = SubwordKind.Character, MinimumFrequency = 1 });
        Assert.AreEqual(13, tokenizer.VocabularySize);
        var weights = new SharedModel(ServedModel.Of(model));
        weights.AddOwner();
        return new TextGenerator(weights, new TextCodec(tokenizer, tokenizer, 2048, OverflowPolicy.Truncate), torch.CPU);
    }

    private static GenerationRequest[] Requests(int count)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, count).Select(_ => new GenerationRequest(
            new string([.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => (char)('a' + random.Next(9)))])))];
    }
}
