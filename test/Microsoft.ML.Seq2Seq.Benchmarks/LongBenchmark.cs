using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Decoding;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Training;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Memory and speed of training on long sources: attention as one matrix, in blocks, with gradient checkpointing
/// and with a window; and a prediction. Each in a process of its own, so that one's memory does not hide another's.</summary>
internal static class LongBenchmark
{
    private const int Vocabulary = 8000;
    private const int TargetShare = 8; // source tokens for each target token, as in a summary
    private const int Window = 256;
    private const int MeasuredSteps = 2;
    private const int PredictedTokens = 32;
    private const long Megabyte = 1 << 20;

    private static readonly int[] _lengths = [512, 2048, 8192];
    private static readonly string[] _variants = ["whole", "blocks", "checkpointing", "window"];

    public static System.CommandLine.Command Command()
    {
        var extrapolate = new Option<bool>("--extrapolate") { Description = "accuracy on texts longer than those trained on, for every kind of positions" };
        var positions = new Option<string?>("--positions") { Description = "with --extrapolate: only this kind" };
        positions.AcceptOnlyFromAmong(ExtrapolationStudy.Names);
        var length = new Option<int?>("--length") { Description = "only this many source tokens" };
        var variant = new Option<string?>("--variant") { Description = "with --length: only this one, in this process" };
        variant.AcceptOnlyFromAmong([.. _variants, "predict"]);
        var steps = new Option<int?>("--steps") { Description = "measured steps (default: 2); with --extrapolate: most steps of training (default: 8,000)" };
        var threads = new Option<int?>("--threads") { Description = "libtorch threads (default: libtorch's)" };
        var command = new System.CommandLine.Command("long", "Memory and speed of training and predicting with 512 to 8,192 source tokens.")
        {
            extrapolate, positions, length, variant, steps, threads,
        };
        command.SetAction(parsed =>
        {
            using var scope = new ThreadScope(parsed.GetValue(threads));
            if (parsed.GetValue(extrapolate))
                ExtrapolationStudy.Run(parsed.GetValue(steps) ?? ExtrapolationStudy.MostSteps, parsed.GetValue(positions));
            else if (parsed.GetValue(variant) is { } only)
                Measure(parsed.GetValue(length) ?? _lengths[^1], only, parsed.GetValue(steps) ?? MeasuredSteps);
            else
                RunAll(parsed.GetValue(length) is { } one ? [one] : _lengths, parsed.GetValue(steps) ?? MeasuredSteps, parsed.GetValue(threads));
        });
        return command;
    }

    private static void RunAll(int[] lengths, int steps, int? threads)
    {
        foreach (int length in lengths)
        {
            double computed = ComputedMegabytes(length);
            var megabytes = new Dictionary<string, double>();
            foreach (string variant in _variants.Append("predict"))
            {
                // Whatever else runs on the machine keeps half of the memory.
                if (variant == "whole" && computed > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Megabyte / 4)
                {
                    Print($"{length} whole: not run; its attention weights alone take {computed:f0} MB (computed)");
                    megabytes[variant] = computed;
                }
                else if (Child(length, variant, steps, threads) is { } measured)
                {
                    megabytes[variant] = measured;
                }
            }
            foreach (string variant in _variants[1..].Where(megabytes.ContainsKey))
                if (megabytes.TryGetValue("whole", out double whole))
                    Print($"RATIO long/{length}/memory/{variant} {whole / megabytes[variant]:f2}");
        }
    }

    /// <summary>The attention weights that a backward pass over whole matrices needs: one matrix for each head of every
    /// attention; and two more of one layer, while it is computed.</summary>
    private static double ComputedMegabytes(int source)
    {
        var architecture = Architecture("whole");
        double target = source / TargetShare;
        double encoder = (double)source * source, decoder = target * target + target * source;
        return 4.0 * architecture.Heads
            * (architecture.EncoderLayers * encoder + architecture.DecoderLayers * decoder + 2 * encoder) / Megabyte;
    }

    private static double? Child(int length, string variant, int steps, int? threads)
    {
        List<string> arguments = ["long", "--length", $"{length}", "--variant", variant, "--steps", $"{steps}"];
        if (threads is { } count)
            arguments.AddRange(["--threads", $"{count}"]);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            arguments.Insert(0, typeof(LongBenchmark).Assembly.Location);
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        double? megabytes = null;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            Console.WriteLine(line);
            if (line.Split("MB ") is [var head, _])
                megabytes = double.Parse(head.Trim().Split(' ')[^1], CultureInfo.InvariantCulture);
        }
        process.WaitForExit();
        if (process.ExitCode != 0)
            Print($"{length} {variant}: failed with exit code {process.ExitCode}");
        return megabytes;
    }

    private static TransformerArchitecture Architecture(string variant)
    {
        var architecture = TransformerArchitecture.Small;
        if (variant == "window")
            architecture.AttentionWindow = Window;
        return architecture;
    }

    private static void Measure(int length, string variant, int steps)
    {
        using var generator = new Generator(1, CPU);
        using var model = new TransformerModel(Architecture(variant), Vocabulary, Vocabulary, generator)
        {
            Long = variant == "whole" ? new LongAttention(Longest: int.MaxValue) : new LongAttention(),
        };
        var pairs = new EncodedPairs();
        var random = new Random(1);
        int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(4, Vocabulary))];
        int target = length / TargetShare;
        pairs.Add(Tokens(length - 1), Tokens(target - 1));
        if (variant == "predict")
            Predict(model, pairs, length);
        else
            Train(model, pairs, length, variant, steps);
    }

    private static void Train(TransformerModel model, EncodedPairs pairs, int length, string variant, int steps)
    {
        using var step = new TrainingStep(model, new TrainingOptions
        {
            Precision = TrainingPrecision.Float32,
            GradientCheckpointing = variant is "checkpointing" or "window",
        }, seed: 1);
        var small = new EncodedPairs();
        small.Add(pairs.Source(0)[..16], pairs.Target(0)[..16]);
        step.Run(small, [[0]], 1e-4); // what a first step loads and allocates is not the sequence's
        long before = Resident();
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < steps; i++)
            step.Run(pairs, [[0]], 1e-4);
        Print($"{length} {variant}: peak {Peak() - before} MB more, {steps * length / watch.Elapsed.TotalSeconds:f0} source tokens/s");
    }

    private static void Predict(TransformerModel model, EncodedPairs pairs, int length)
    {
        using var served = ServedModel.Of(model); // as a loaded model predicts
        var predictor = served.Predictor(InferencePrecision.Float32);
        var options = new DecodingOptions { Strategy = DecodingStrategy.Greedy, MinLength = PredictedTokens, MaxLength = PredictedTokens, MaxLengthRatio = 0 };
        long before = Resident();
        using var source = SourceBatch.Create([pairs.Source(0).ToArray()], CPU);
        var watch = Stopwatch.StartNew();
        double? reading = null; // and the first token
        Search.Run(predictor, source, options, settled: (_, _) => reading ??= watch.Elapsed.TotalSeconds, threads: ThreadSetting.Count);
        Print($"{length} predict: peak {Peak() - before} MB more, source read in {reading:f2} s, {PredictedTokens} tokens written in {watch.Elapsed.TotalSeconds - reading:f2} s");
    }

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64 / Megabyte;
    }

    private static long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / Megabyte;
    }
}
