using System.CommandLine;
using System.Diagnostics;
using Microsoft.ML.Seq2Seq.Runtime;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Our training step against the loop that a .NET user writes today, turn by turn on the same batches, and the share of
/// what the machine's matrix products can do at all.</summary>
internal static class TrainingBenchmark
{
    public static System.CommandLine.Command Command()
    {
        var config = new Option<string>("--config") { Description = "tiny or base", DefaultValueFactory = _ => "tiny" };
        config.AcceptOnlyFromAmong("tiny", "base");
        var tokens = new Option<int>("--tokens") { Description = "target tokens a batch", DefaultValueFactory = _ => 4096 };
        var rounds = new Option<int>("--rounds") { Description = "measured steps of each", DefaultValueFactory = _ => 12 };
        var threads = new Option<int?>("--threads") { Description = "libtorch threads (default: libtorch's)" };
        var positions = new Option<PositionalEncodingKind>("--positions") { Description = "of ours; nn.Transformer's are sinusoidal", DefaultValueFactory = _ => PositionalEncodingKind.Sinusoidal };
        var only = new Option<string?>("--only") { Description = "measure this way alone: beside the others it shares their heap" };
        only.AcceptOnlyFromAmong([.. TrainingContenders.Names]);
        var command = new System.CommandLine.Command("training", "Tokens a second of a training step against nn.Transformer with optim.Adam.")
        {
            config, tokens, rounds, threads, positions, only,
        };
        command.SetAction(parsed => Run(
            parsed.GetValue(config)!, parsed.GetValue(tokens), parsed.GetValue(rounds), parsed.GetValue(threads),
            parsed.GetValue(positions), parsed.GetValue(only)));
        return command;
    }

    private static void Run(string config, int tokensPerBatch, int rounds, int? threads, PositionalEncodingKind positions, string? only)
    {
        using var scope = new ThreadScope(threads);
        using var sides = new TrainingContenders(config, tokensPerBatch, positions);
        Contender[] contenders = [.. TrainingContenders.Names.Where(name => name == (only ?? name)).Select(name => new Contender(name, sides.Step(name)))];
        int warm = sides.Batches.Count; // each shape once: products are compiled for it, and the heap grows to its size
        List<double> roofs = [], reducedRoofs = [];
        for (int round = 0; round < warm + rounds; round++)
        {
            foreach (var contender in contenders)
                contender.Step(sides, sides.Batches[round % sides.Batches.Count], isMeasured: round >= warm);
            roofs.Add(ProductRoof.FlopsPerSecond(ScalarType.Float32));
            if (Training.TrainingPrecisions.HasBFloat16) // else it is emulated, a minute for each
                reducedRoofs.Add(ProductRoof.FlopsPerSecond(ScalarType.BFloat16));
        }

        foreach (var contender in contenders)
            Print($"{contender.Name}: {contender.TokensPerSecond:f0} target tokens/s, {contender.CpuSeconds * 1e6:f0} µs CPU a token");
        Contender[] ours = [.. contenders.Where(contender => contender.Name != TrainingContenders.Plain)];
        foreach (var contender in ours)
        {
            bool isReduced = contender.Name == TrainingContenders.Auto && Training.TrainingPrecisions.HasBFloat16;
            double roof = Median(isReduced ? reducedRoofs : roofs);
            Print($"{contender.Name}: {contender.FlopsPerSecond / 1e9:f0} GFLOP/s in products with weights; {(isReduced ? "bfloat16" : "float32")} product of {ProductRoof.Size} × {ProductRoof.Size} matrices: {roof / 1e9:f0}");
            Print($"SHARE training/{config}/{tokensPerBatch}/{contender.Name} {contender.FlopsPerSecond / roof:f2}");
        }
        if (only is not null)
            return;
        foreach (var contender in ours)
            Print($"RATIO training/{config}/{tokensPerBatch}/{contender.Name} {contender.TokensPerSecond / contenders[0].TokensPerSecond:f2}");
    }

    /// <summary>One of them, with its times.</summary>
    private sealed class Contender(string name, Action<int[]> step)
    {
        private readonly List<(double Wall, double Cpu, double Flops)> _perToken = [];

        public string Name => name;

        public double TokensPerSecond => 1 / Median(_perToken.Select(token => token.Wall));

        public double CpuSeconds => Median(_perToken.Select(token => token.Cpu));

        public double FlopsPerSecond => Median(_perToken.Select(token => token.Flops / token.Wall));

        public void Step(TrainingContenders sides, int[] rows, bool isMeasured)
        {
            var cpu = Environment.CpuUsage.TotalTime;
            var watch = Stopwatch.StartNew();
            step(rows);
            double seconds = watch.Elapsed.TotalSeconds;
            double tokens = rows.Sum(row => sides.Pairs.TargetLength(row) + 1.0);
            if (isMeasured)
                _perToken.Add((seconds / tokens, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds / tokens, sides.ProductFlops(rows) / tokens));
        }
    }
}
