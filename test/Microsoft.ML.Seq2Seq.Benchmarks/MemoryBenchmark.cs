using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Resident memory of training, each way in a process of its own: the peak, and whether it grows over many steps.</summary>
internal static class MemoryBenchmark
{
    private const string ThroughFit = "fit";
    private const int Marks = 10; // readings over the run

    public static System.CommandLine.Command Command()
    {
        var config = new Option<string>("--config") { Description = "tiny or base", DefaultValueFactory = _ => "tiny" };
        config.AcceptOnlyFromAmong("tiny", "base");
        var tokens = new Option<int>("--tokens") { Description = "target tokens a batch", DefaultValueFactory = _ => 4096 };
        var steps = new Option<int>("--steps") { Description = "steps of each", DefaultValueFactory = _ => 20 };
        var only = new Option<string?>("--only") { Description = "measure this way alone, in this process; fit: auto through Fit, on batches of many shapes" };
        only.AcceptOnlyFromAmong([.. TrainingContenders.Names, ThroughFit]);
        var command = new System.CommandLine.Command("memory", "Peak resident memory of training against nn.Transformer with optim.Adam.")
        {
            config, tokens, steps, only,
        };
        command.SetAction(parsed =>
        {
            string chosen = parsed.GetValue(config)!;
            int batch = parsed.GetValue(tokens), count = parsed.GetValue(steps);
            if (parsed.GetValue(only) is ThroughFit)
                MeasureFit(chosen, batch, count);
            else if (parsed.GetValue(only) is { } name)
                Measure(chosen, batch, count, name);
            else
                Compare(chosen, batch, count);
        });
        return command;
    }

    private static void Compare(string config, int tokens, int steps)
    {
        double plain = 0;
        foreach (string name in TrainingContenders.Names)
        {
            double peak = PeakOfChild(["memory", "--config", config, "--tokens", $"{tokens}", "--steps", $"{steps}", "--only", name]);
            if (name == TrainingContenders.Plain)
                plain = peak;
            else
                Print($"RATIO memory/{config}/{tokens}/{name} {peak / plain:f2}");
        }
    }

    /// <summary>Runs this program again, repeats what it prints, and takes the peak from it.</summary>
    private static double PeakOfChild(string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(MemoryBenchmark).Assembly.Location);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        using var child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Console.Write(output);
        if (child.ExitCode != 0)
            throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with exit code {child.ExitCode}.");
        string last = output.TrimEnd().Split('\n')[^1];
        return double.Parse(last.Split(' ')[^2], CultureInfo.InvariantCulture);
    }

    private static void Measure(string config, int tokens, int steps, string name)
    {
        using var sides = new TrainingContenders(config, tokens);
        var step = sides.Step(name);
        for (int i = 1; i <= steps; i++)
        {
            step(sides.Batches[i % sides.Batches.Count]);
            if (i % Math.Max(1, steps / Marks) == 0)
                PrintResident(name, i);
        }
        PrintPeak(name);
    }

    private static void MeasureFit(string config, int tokens, int steps)
    {
        var options = new TransformerTrainer.Options
        {
            Architecture = config == "tiny" ? TransformerArchitecture.Tiny : TransformerArchitecture.Base,
            Training = { MaxEpochs = int.MaxValue, MaxSteps = steps, TokensPerBatch = tokens, EarlyStoppingPatience = null },
            Tokenization = { VocabularySize = config == "tiny" ? 10_000 : 32_000 },
        };
        options.Training.Progress = new Watch(Math.Max(1, steps / Marks));
        var ml = new MLContext(1);
        using var model = ml.Seq2Seq.Trainers.Transformer(options).Fit(ml.Data.LoadFromEnumerable(SyntheticPairs.Texts(20_000, shortest: 2, longest: 40)));
        Print($"{ThroughFit}: after training {Megabytes(Process.GetCurrentProcess().WorkingSet64)} MB");
        PrintPeak(ThroughFit);
    }

    private static void PrintResident(string name, long step) =>
        Print($"{name}: step {step}, resident {Megabytes(Process.GetCurrentProcess().WorkingSet64)} MB");

    private static void PrintPeak(string name) => Print($"{name}: peak {Megabytes(Process.GetCurrentProcess().PeakWorkingSet64)} MB");

    private static long Megabytes(long bytes) => bytes >> 20;

    /// <summary>Reads the resident memory every so many steps, as soon as it hears of them.</summary>
    private sealed class Watch(int every) : IProgress<TrainingProgress>
    {
        private long _next = every;

        public void Report(TrainingProgress progress)
        {
            if (progress.Step < _next)
                return;
            PrintResident(ThroughFit, progress.Step);
            _next = progress.Step - progress.Step % every + every;
        }
    }
}
