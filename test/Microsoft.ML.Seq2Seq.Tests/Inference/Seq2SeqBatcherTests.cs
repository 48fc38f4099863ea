using System.Collections.Concurrent;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Tests.Estimators;

namespace Microsoft.ML.Seq2Seq.Tests.Inference;

[TestClass]
public sealed class Seq2SeqBatcherTests
{
    [TestMethod]
    public async Task SixtyFourClientsGetWhatGenerateGives()
    {
        string[] sources = [.. Toy.Rows(256, seed: 9).Select(row => row.Source!)];
        var expected = Toy.Model.Generate(sources);
        await using var batcher = Toy.Model.CreateBatcher();

        var actual = new Generation[sources.Length];
        await Task.WhenAll(Enumerable.Range(0, 64).Select(client => Task.Run(async () =>
        {
            for (int i = client; i < sources.Length; i += 64)
                actual[i] = await batcher.GenerateAsync(sources[i]);
        })));

        for (int i = 0; i < sources.Length; i++)
        {
            Assert.AreEqual(expected[i].Text, actual[i].Text);
            Assert.AreEqual(expected[i].Score, actual[i].Score, 1e-5);
        }
    }

    [TestMethod]
    public async Task AnEmptySourceGivesAnEmptyText()
    {
        await using var batcher = Toy.Model.CreateBatcher();

        Assert.AreEqual("", (await batcher.GenerateAsync("")).Text);
        Assert.AreEqual("", (await batcher.GenerateAsync(null!)).Text);
    }

    [TestMethod]
    public async Task ABatchMayBeOfAnySize()
    {
        await using var batcher = Toy.Model.CreateBatcher(new Seq2SeqBatcherOptions { MaxBatchSize = int.MaxValue });

        Assert.AreEqual("ABC", (await batcher.GenerateAsync("abc").WaitAsync(TimeSpan.FromMinutes(1))).Text);
    }

    [TestMethod]
    public async Task TheOptionsSayHowToDecode()
    {
        await using var batcher = Toy.Model.CreateBatcher(new Seq2SeqBatcherOptions
        {
            Decoding = new DecodingOptions { Strategy = DecodingStrategy.Greedy, BannedPhrases = ["B"] },
        });

        Assert.DoesNotContain("B", (await batcher.GenerateAsync("abc")).Text);
    }

    [TestMethod]
    public async Task WeightsLiveAsLongAsTheBatcher()
    {
        var model = Toy.Model.WithDecoding(new DecodingOptions());
        var batcher = model.CreateBatcher();
        model.Dispose();

        Assert.AreEqual("ABC", (await batcher.GenerateAsync("abc")).Text);
        await batcher.DisposeAsync();
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.CreateBatcher());
    }

    [TestMethod]
    public async Task RequestsThatComeWhileABatchIsDecodedFormTheNextOnesInTheirOrder()
    {
        var decoder = new GatedDecoder();
        await using var batcher = decoder.Batcher(new Seq2SeqBatcherOptions { MaxBatchSize = 4, MaxDelay = TimeSpan.Zero });
        var first = batcher.GenerateAsync("0");
        decoder.WaitForABatch();

        Task<Generation>[] others = [.. Enumerable.Range(1, 9).Select(i => batcher.GenerateAsync($"{i}"))];
        decoder.Open();

        var answers = await Task.WhenAll(others.Prepend(first));
        CollectionAssert.AreEqual(Enumerable.Range(0, 10).Select(i => $"{i}!").ToArray(), answers.Select(answer => answer.Text).ToArray());
        CollectionAssert.AreEqual(new[] { "0", "1 2 3 4", "5 6 7 8", "9" }, decoder.Batches.ToArray());
    }

    [TestMethod]
    public async Task IdleWorkersShareABatchAndWhoeverIsDoneFirstTakesWhatHasCome()
    {
        var decoder = new GatedDecoder();
        await using var batcher = decoder.Batcher(new Seq2SeqBatcherOptions { MaxBatchSize = 20, MaxDelay = TimeSpan.FromSeconds(2) }, threads: 2);

        Task<Generation>[] first = [.. Enumerable.Range(10, 20).Select(i => batcher.GenerateAsync($"{i}"))];
        decoder.WaitForABatch();
        decoder.WaitForABatch();
        CollectionAssert.AreEquivalent(
            new[] { "10 12 14 16 18 20 22 24 26 28", "11 13 15 17 19 21 23 25 27 29" }, decoder.Batches.ToArray());
        Task<Generation>[] second = [.. Enumerable.Range(30, 20).Select(i => batcher.GenerateAsync($"{i}"))];
        decoder.Open(batches: 1);
        decoder.WaitForABatch();
        string third = decoder.Batches.ToArray()[2];
        decoder.Open();
        Assert.HasCount(10, third.Split(' ')); // the other half is left to whoever is done next

        await Task.WhenAll(first);
        await Task.WhenAll(second);
        CollectionAssert.AreEqual(second.Select((_, i) => $"{30 + i}!").ToArray(), second.Select(answer => answer.Result.Text).ToArray());
    }

    [TestMethod]
    public async Task AFewRequestsGetAllIdleThreads()
    {
        var decoder = new GatedDecoder();
        await using var batcher = decoder.Batcher(new Seq2SeqBatcherOptions { MaxDelay = TimeSpan.Zero }, threads: 3);
        var first = batcher.GenerateAsync("a");
        decoder.WaitForABatch();
        var second = batcher.GenerateAsync("b");
        decoder.WaitForABatch();
        decoder.Open();
        await Task.WhenAll(first, second);

        CollectionAssert.AreEqual(new[] { 3, 2 }, decoder.Threads.ToArray());
    }

    [TestMethod]
    public async Task AllWorkersTogetherTakeNoMoreThanTheLargestBatch()
    {
        var decoder = new GatedDecoder();
        await using var batcher = decoder.Batcher(new Seq2SeqBatcherOptions { MaxBatchSize = 2, MaxDelay = TimeSpan.Zero }, threads: 4);
        var first = batcher.GenerateAsync("a");
        decoder.WaitForABatch();
        Task<Generation>[] others = [.. Enumerable.Range(0, 4).Select(i => batcher.GenerateAsync($"{i}"))];
        await Task.Delay(20);
        int together = decoder.Batches.Count;
        decoder.Open();
        await Task.WhenAll(others.Prepend(first));

        Assert.AreEqual(1, together); // the one worker gets all threads
        CollectionAssert.AreEqual(new[] { "a", "0 1", "2 3" }, decoder.Batches.ToArray());
        CollectionAssert.AreEqual(new[] { 4, 4, 4 }, decoder.Threads.ToArray());
    }

    [TestMethod]
    public async Task ARequestWaitsForOthersUntilTheBatchIsFull()
    {
        var decoder = new GatedDecoder();
        decoder.Open();
        await using var batcher = decoder.Batcher(new Seq2SeqBatcherOptions { MaxBatchSize = 3, MaxDelay = TimeSpan.FromMinutes(1) });

        var first = batcher.GenerateAsync("a");
        await Task.Delay(20);
        Assert.IsFalse(first.IsCompleted);
        await Task.WhenAll(first, batcher.GenerateAsync("b"), batcher.GenerateAsync("c"));

        CollectionAssert.AreEqual(new[] { "a b c" }, decoder.Batches.ToArray());
    }

    [TestMethod]
    public async Task GivingUpARequestDisturbsNoOther()
    {
        var decoder = new GatedDecoder();
        await using var batcher = decoder.Batcher(new Seq2SeqBatcherOptions { MaxBatchSize = 2, MaxDelay = TimeSpan.Zero });
        using var cancellation = new CancellationTokenSource();
        var alone = batcher.GenerateAsync("alone");
        decoder.WaitForABatch();
        var waiting = batcher.GenerateAsync("waiting", cancellation.Token);
        var kept = batcher.GenerateAsync("kept");
        var beside = batcher.GenerateAsync("beside");

        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);
        decoder.Open();

        Assert.AreEqual("alone!", (await alone).Text);
        Assert.AreEqual("kept!", (await kept).Text);
        Assert.AreEqual("beside!", (await beside).Text);
        Assert.DoesNotContain("waiting", string.Join(' ', decoder.Batches));
        await Assert.ThrowsAsync<OperationCanceledException>(() => batcher.GenerateAsync("late", new CancellationToken(canceled: true)));
    }

    [TestMethod]
    public async Task ABatchThatAllHaveGivenUpIsStopped()
    {
        var decoder = new GatedDecoder();
        await using var batcher = decoder.Batcher(new Seq2SeqBatcherOptions { MaxBatchSize = 2, MaxDelay = TimeSpan.FromMinutes(1) });
        using CancellationTokenSource one = new(), other = new();
        Task<Generation>[] both = [batcher.GenerateAsync("a", one.Token), batcher.GenerateAsync("b", other.Token)];
        decoder.WaitForABatch();

        await one.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => both[0]);
        Assert.IsFalse(decoder.WasStopped.IsSet);
        await other.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => both[1]);

        Assert.IsTrue(decoder.WasStopped.Wait(TimeSpan.FromSeconds(30)));
    }

    [TestMethod]
    public async Task AFullQueueLetsCallersWaitForAPlace()
    {
        var decoder = new GatedDecoder();
        await using var batcher = decoder.Batcher(new Seq2SeqBatcherOptions { MaxBatchSize = 1, MaxDelay = TimeSpan.Zero, QueueCapacity = 2 });
        var decoding = batcher.GenerateAsync("decoding");
        decoder.WaitForABatch();
        Task<Generation>[] queued = [batcher.GenerateAsync("queued"), batcher.GenerateAsync("queued")];
        using var cancellation = new CancellationTokenSource();
        Task<Generation> outside = batcher.GenerateAsync("outside"), givenUp = batcher.GenerateAsync("outside", cancellation.Token);

        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => givenUp);
        Assert.IsFalse(outside.IsCompleted);
        // Whoever has no place yet is turned away when the batcher closes; whoever has one is answered.
        var disposal = batcher.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => outside);
        Assert.IsFalse(disposal.IsCompleted);
        decoder.Open();
        await disposal;

        await Task.WhenAll(queued.Append(decoding));
        CollectionAssert.AreEqual(new[] { "decoding", "queued", "queued" }, decoder.Batches.ToArray());
    }

    [TestMethod]
    public async Task APlaceThatBecomesFreeIsTakenByWhoeverWaited()
    {
        var decoder = new GatedDecoder();
        await using var batcher = decoder.Batcher(new Seq2SeqBatcherOptions { MaxBatchSize = 1, MaxDelay = TimeSpan.Zero, QueueCapacity = 1 });
        Task<Generation>[] all = [.. Enumerable.Range(0, 6).Select(i => batcher.GenerateAsync($"{i}"))];
        decoder.Open();

        await Task.WhenAll(all);

        CollectionAssert.AreEqual(new[] { "0", "1", "2", "3", "4", "5" }, decoder.Batches.ToArray());
    }

    [TestMethod]
    public async Task AfterDisposalRequestsAreRefusedAndTheWeightsLetGoOnce()
    {
        var decoder = new GatedDecoder();
        decoder.Open();
        var batcher = decoder.Batcher(new Seq2SeqBatcherOptions());

        await batcher.DisposeAsync();
        await batcher.DisposeAsync();

        Assert.AreEqual(1, decoder.Releases);
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => batcher.GenerateAsync("late"));
    }

    [TestMethod]
    public async Task AFailureReachesTheRequestsOfItsBatchAlone()
    {
        var decoder = new GatedDecoder();
        await using var batcher = decoder.Batcher(new Seq2SeqBatcherOptions { MaxBatchSize = 2, MaxDelay = TimeSpan.Zero });
        var first = batcher.GenerateAsync("first");
        decoder.WaitForABatch();
        Task<Generation>[] failing = [batcher.GenerateAsync("fail"), batcher.GenerateAsync("with it")];
        var after = batcher.GenerateAsync("after");
        decoder.Open();

        Assert.AreEqual("first!", (await first).Text);
        foreach (var request in failing)
            Assert.AreEqual("broken", (await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => request)).Message);
        Assert.AreEqual("after!", (await after).Text);
    }

    [TestMethod]
    [DataRow(nameof(Seq2SeqBatcherOptions.MaxBatchSize), "0")]
    [DataRow(nameof(Seq2SeqBatcherOptions.MaxDelay), "-00:00:00.0010000")]
    [DataRow(nameof(Seq2SeqBatcherOptions.MaxDelay), "00:02:00")]
    [DataRow(nameof(Seq2SeqBatcherOptions.QueueCapacity), "0")]
    public void OptionsOutOfRangeAreNamed(string option, string value)
    {
        var options = new Seq2SeqBatcherOptions();
        var property = typeof(Seq2SeqBatcherOptions).GetProperty(option)!;
        property.SetValue(options, property.PropertyType == typeof(int) ? int.Parse(value) : TimeSpan.Parse(value));

        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Toy.Model.CreateBatcher(options));

        Assert.AreEqual(option, error.ParamName);
        StringAssert.Contains(error.Message, value);
    }

    [TestMethod]
    public void DecodingOptionsAreChecked()
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => Toy.Model.CreateBatcher(new Seq2SeqBatcherOptions { Decoding = new DecodingOptions { BeamSize = 0 } }));

        Assert.AreEqual(nameof(DecodingOptions.BeamSize), error.ParamName);
    }

    /// <summary>Answers once it is open, and notes the batches that it was given.</summary>
    private sealed class GatedDecoder
    {
        private readonly SemaphoreSlim _open = new(0);
        private readonly SemaphoreSlim _entered = new(0);

        public ConcurrentQueue<string> Batches { get; } = [];

        public ConcurrentQueue<int> Threads { get; } = [];

        public ManualResetEventSlim WasStopped { get; } = new();

        public int Releases { get; private set; }

        public Seq2SeqBatcher Batcher(Seq2SeqBatcherOptions options, int threads = 1) => new(Decode, threads, options, () => Releases++);

        public void Open(int batches = 1000) => _open.Release(batches);

        public void WaitForABatch() => Assert.IsTrue(_entered.Wait(TimeSpan.FromSeconds(30)));

        private Generation[] Decode(IReadOnlyList<GenerationRequest> requests, int workers, CancellationToken cancellation)
        {
            Threads.Enqueue(workers);
            Batches.Enqueue(string.Join(' ', requests.Select(request => request.Source)));
            _entered.Release();
            try
            {
                _open.Wait(cancellation);
            }
            catch (OperationCanceledException)
            {
                WasStopped.Set();
                throw;
            }
            if (requests[0].Source == "fail")
                throw new InvalidOperationException("broken");
            return [.. requests.Select(request => new Generation { Text = $"{request.Source}!" })];
        }
    }
}
