using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Our training step against the loop that a .NET user writes today, turn by turn on the same batches.</summary>
internal static class TrainingBenchmark
{
    private const int Shortest = 15, Longest = 35; // tokens of a sentence
    private const int DistinctBatches = 8;
    private const double DropoutRate = 0.1;
    private const double LearningRate = 1e-4;
    private const double LabelSmoothing = 0.1;

    public static System.CommandLine.Command Command()
    {
        var config = new Option<string>("--config") { Description = "tiny or base", DefaultValueFactory = _ => "tiny" };
        config.AcceptOnlyFromAmong("tiny", "base");
        var tokens = new Option<int>("--tokens") { Description = "target tokens a batch", DefaultValueFactory = _ => 4096 };
        var rounds = new Option<int>("--rounds") { Description = "measured steps of each", DefaultValueFactory = _ => 12 };
        var threads = new Option<int?>("--threads") { Description = "libtorch threads (default: libtorch's)" };
        var command = new System.CommandLine.Command("training", "Tokens a second of a training step against nn.Transformer with optim.Adam.")
        {
            config, tokens, rounds, threads,
        };
        command.SetAction(parsed => Run(
            parsed.GetValue(config)!, parsed.GetValue(tokens), parsed.GetValue(rounds), parsed.GetValue(threads)));
        return command;
    }

    private static void Run(string config, int tokensPerBatch, int rounds, int? threads)
    {
        using var scope = new ThreadScope(threads);
        bool tiny = config == "tiny";
        int vocabulary = tiny ? 10_000 : 32_000;
        var pairs = Sentences(tokensPerBatch, vocabulary);
        var batches = new BatchPlanner(pairs, tokensPerBatch).Shuffled(seed: 1, epoch: 1).ToArray();

        using var plain = new TrainingPlainLoop(Architecture(tiny), vocabulary, DropoutRate, LabelSmoothing, LearningRate);
        using var generator = new Generator(1, CPU);
        using var model = new TransformerModel(Architecture(tiny), vocabulary, vocabulary, generator);
        using var float32 = new TrainingStep(model, Options(TrainingPrecision.Float32), seed: 1);
        using var autoModel = new TransformerModel(Architecture(tiny), vocabulary, vocabulary, generator);
        using var auto = new TrainingStep(autoModel, Options(TrainingPrecision.Auto), seed: 1);
        var contenders = new[]
        {
            new Contender("plain", rows => plain.Step(pairs, rows)),
            new Contender("float32", rows => float32.Run(pairs, [rows], LearningRate)),
            new Contender("auto", rows => auto.Run(pairs, [rows], LearningRate)),
        };
        int warm = Math.Min(3, rounds);
        for (int round = 0; round < warm + rounds; round++)
            foreach (var contender in contenders)
                contender.Step(pairs, batches[round % batches.Length], isMeasured: round >= warm);

        foreach (var contender in contenders)
            Print($"{contender.Name}: {contender.TokensPerSecond:f0} target tokens/s, {contender.CpuSeconds * 1e6:f0} µs CPU a token");
        foreach (var contender in contenders.Skip(1))
            Print($"RATIO training/{config}/{tokensPerBatch}/{contender.Name} {contender.TokensPerSecond / contenders[0].TokensPerSecond:f2}");
    }

    private static TrainingOptions Options(TrainingPrecision precision) =>
        new() { LabelSmoothing = LabelSmoothing, Precision = precision };

    private static TransformerArchitecture Architecture(bool tiny)
    {
        var architecture = tiny ? TransformerArchitecture.Tiny : TransformerArchitecture.Base;
        architecture.NormPlacement = NormPlacement.Post; // as nn.Transformer
        // nn.Transformer drops at all three places.
        architecture.Dropout = architecture.AttentionDropout = architecture.ActivationDropout = DropoutRate;
        return architecture;
    }

    /// <summary>Random sentences, enough for the batches.</summary>
    private static EncodedPairs Sentences(int tokensPerBatch, int vocabulary)
    {
        var random = new Random(1);
        var pairs = new EncodedPairs();
        int[] Sentence(int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(4, vocabulary))];
        while (pairs.TargetTokens < DistinctBatches * (long)tokensPerBatch)
        {
            int length = random.Next(Shortest, Longest + 1);
            pairs.Add(Sentence(length), Sentence(Math.Max(1, length + random.Next(-2, 3))));
        }
        return pairs;
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>One of the two, with its times.</summary>
    private sealed class Contender(string name, Action<int[]> step)
    {
        private readonly List<(double Wall, double Cpu)> _secondsPerToken = [];

        public string Name => name;

        public double TokensPerSecond => 1 / Median(_secondsPerToken.Select(times => times.Wall));

        public double CpuSeconds => Median(_secondsPerToken.Select(times => times.Cpu));

        public void Step(EncodedPairs pairs, int[] rows, bool isMeasured)
        {
            var cpu = Environment.CpuUsage.TotalTime;
            var watch = Stopwatch.StartNew();
            step(rows);
            double seconds = watch.Elapsed.TotalSeconds;
            double tokens = rows.Sum(row => pairs.TargetLength(row) + 1.0);
            if (isMeasured)
                _secondsPerToken.Add((seconds / tokens, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds / tokens));
        }

        private static double Median(IEnumerable<double> values)
        {
            double[] sorted = [.. values.Order()];
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }
}
