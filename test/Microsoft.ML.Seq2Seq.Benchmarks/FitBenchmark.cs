using System.CommandLine;
using System.Diagnostics;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Estimators;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Training;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Fit, from data view to model, against nothing but the training steps that it makes.</summary>
internal static class FitBenchmark
{
    private const int Seed = 1;

    public static System.CommandLine.Command Command()
    {
        var config = new Option<string>("--config") { Description = "tiny or base", DefaultValueFactory = _ => "tiny" };
        config.AcceptOnlyFromAmong("tiny", "base");
        var tokens = new Option<int>("--tokens") { Description = "tokens a batch", DefaultValueFactory = _ => 4096 };
        var pairs = new Option<int>("--pairs") { Description = "rows, each trained on once", DefaultValueFactory = _ => 20_000 };
        var rounds = new Option<int>("--rounds") { Description = "runs of each", DefaultValueFactory = _ => 2 };
        var threads = new Option<int?>("--threads") { Description = "libtorch threads (default: libtorch's)" };
        var command = new System.CommandLine.Command("fit",
            "Tokens a second through Fit for one epoch (cursor, vocabulary, encoding, batching; validation off) against the bare steps on the same batches.")
        {
            config, tokens, pairs, rounds, threads,
        };
        command.SetAction(parsed => Run(
            parsed.GetValue(config)!, parsed.GetValue(tokens), parsed.GetValue(pairs), parsed.GetValue(rounds), parsed.GetValue(threads)));
        return command;
    }

    private static void Run(string config, int tokensPerBatch, int pairs, int rounds, int? threads)
    {
        using var scope = new ThreadScope(threads);
        var options = new TransformerTrainer.Options
        {
            Architecture = config == "tiny" ? TransformerArchitecture.Tiny : TransformerArchitecture.Base,
            Training = { MaxEpochs = 1, TokensPerBatch = tokensPerBatch },
            Tokenization = { VocabularySize = config == "tiny" ? 10_000 : 32_000 },
            ValidationFraction = 0,
        };
        var ml = new MLContext(Seed);
        var view = ml.Data.LoadFromEnumerable(SyntheticPairs.Texts(pairs, shortest: 12, longest: 28));
        TrainingData rows = null!;
        var reading = Measure(() => rows = TrainingData.Read(((IHostEnvironment)ml).Register("Benchmark"), view, null, options, Seed));
        using var data = rows;
        int[][] batches = [.. new BatchPlanner(data.Training, tokensPerBatch).Shuffled(Seed, epoch: 1)];
        long tokens = batches.Sum(rows => rows.Sum(row => data.Training.TargetLength(row) + 1L));
        Print($"{pairs} pairs, {tokens} target tokens, {batches.Length} steps; read, learned from and encoded in {reading.Wall:f1} s, {reading.Cpu:f1} s CPU, the first time");

        Times bare = default, fit = default;
        Steps(data, options, batches[..Math.Min(3, batches.Length)]); // warm-up
        for (int round = 0; round < rounds; round++)
        {
            bare += Measure(() => Steps(data, options, batches));
            fit += Measure(() => ml.Seq2Seq.Trainers.Transformer(options).Fit(view).Dispose());
        }
        Print($"steps alone: {rounds * tokens / bare.Wall:f0} target tokens/s, {bare.Cpu * 1e6 / rounds / tokens:f0} µs CPU a token");
        Print($"through Fit: {rounds * tokens / fit.Wall:f0} target tokens/s, {fit.Cpu * 1e6 / rounds / tokens:f0} µs CPU a token");
        Print($"RATIO fit/{config}/{tokensPerBatch}/cpu {bare.Cpu / fit.Cpu:f3}");
        Print($"RATIO fit/{config}/{tokensPerBatch} {bare.Wall / fit.Wall:f3}");
    }

    private static void Steps(TrainingData data, TransformerTrainer.Options options, int[][] batches)
    {
        using var generator = new Generator(Seed, CPU);
        using var model = new TransformerModel(
            options.Architecture, data.Codec.Source.VocabularySize, data.Codec.Target.VocabularySize, generator);
        using var step = new TrainingStep(model, options.Training, Seed);
        foreach (int[] rows in batches)
            step.Run(data.Training, [rows], learningRate: 1e-4);
    }

    private static Times Measure(Action work)
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        work();
        return new Times(watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    }

    private readonly record struct Times(double Wall, double Cpu)
    {
        public static Times operator +(Times left, Times right) => new(left.Wall + right.Wall, left.Cpu + right.Cpu);
    }
}
