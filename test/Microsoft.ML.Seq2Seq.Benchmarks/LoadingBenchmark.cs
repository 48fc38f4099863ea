using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Seq2Seq.Estimators;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Pipeline;
using Microsoft.ML.Seq2Seq.Tokenization;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>What it costs to have a saved model: the size of its file, the time to load it and the memory of a fresh process
/// that has loaded it and predicted one row, in each precision.</summary>
internal static class LoadingBenchmark
{
    private const string Source = "t100 t200 t300 t400 t500 t600 t700 t800";
    private const int Tokens = 25;

    public static System.CommandLine.Command Command()
    {
        var config = new Option<string>("--config") { Description = "tiny or base", DefaultValueFactory = _ => "base" };
        config.AcceptOnlyFromAmong("tiny", "base");
        var rounds = new Option<int>("--rounds") { Description = "fresh processes of each", DefaultValueFactory = _ => 3 };
        var model = new Option<string?>("--model") { Description = "load this file in this process and print the figures" };
        var command = new System.CommandLine.Command("loading", "File size, load time and memory of a saved model in each precision.")
        {
            config, rounds, model,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(model) is { } path)
                Load(path);
            else
                Compare(parsed.GetValue(config)!, parsed.GetValue(rounds));
        });
        return command;
    }

    private static void Compare(string config, int rounds)
    {
        var folder = Directory.CreateTempSubdirectory("seq2seq-loading-");
        try
        {
            InferencePrecision[] precisions = [InferencePrecision.Float32, InferencePrecision.BFloat16, InferencePrecision.Int8];
            string[] paths = [.. precisions.Select(precision => Path.Combine(folder.FullName, $"{precision}.zip"))];
            Save(config, precisions, paths);
            var figures = Array.ConvertAll(paths, _ => new List<Costs>());
            for (int round = 0; round < rounds; round++)
                for (int i = 0; i < paths.Length; i++)
                    figures[i].Add(LoadInAFreshProcess(paths[i]));

            Summary[] all = [.. paths.Zip(figures, (path, runs) => new Summary(new FileInfo(path).Length / 1e6,
                Median(runs.Select(run => run.Seconds)), Median(runs.Select(run => run.CpuSeconds)), Median(runs.Select(run => run.Megabytes)), Median(runs.Select(run => run.PeakMegabytes))))];
            for (int i = 0; i < all.Length; i++)
            {
                string name = precisions[i].ToString().ToLowerInvariant();
                Print($"{name}: file {all[i].File:f1} MB, loaded in {all[i].Seconds:f2} s ({all[i].CpuSeconds:f2} s of CPU), RSS {all[i].Megabytes:f0} MB after load and one prediction (peak {all[i].PeakMegabytes:f0})");
                if (i == 0)
                    continue;
                Print($"RATIO loading/{config}/{name}/file {all[i].File / all[0].File:f3}");
                Print($"RATIO loading/{config}/{name}/seconds {all[i].Seconds / all[0].Seconds:f3}");
                Print($"RATIO loading/{config}/{name}/rss {all[i].Megabytes / all[0].Megabytes:f3}");
            }
            Print($"RATIOs are against float32.");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Random weights: what they are makes no difference to size and time.</summary>
    private static void Save(string config, InferencePrecision[] precisions, string[] paths)
    {
        var architecture = config == "tiny" ? TransformerArchitecture.Tiny : TransformerArchitecture.Base;
        int vocabulary = config == "tiny" ? 10_000 : 32_000;
        var tokenizer = new UnitTokenizer(SubwordKind.Whitespace, new TextPreparation(Lowercase: false, TextNormalization.None),
            [.. Enumerable.Range(SpecialTokens.FirstText, vocabulary - SpecialTokens.FirstText).Select(id => $"t{id}")], SymbolSet.Empty);
        using var generator = new Generator(1, CPU);
        var served = ServedModel.Of(new TransformerModel(architecture, vocabulary, vocabulary, generator));
        var ml = new MLContext(1);
        var columns = new GenerationColumns(DefaultNames.Source, DefaultNames.Predicted, DefaultNames.Score);
        using var model = new Seq2SeqTransformer(ml,
            new TextGenerator(new SharedModel(served), new TextCodec(tokenizer, tokenizer, 256, OverflowPolicy.Truncate), CPU),
            new ModelConfiguration
            {
                Columns = columns,
                Architecture = new ModelArchitecture { Transformer = architecture },
                MaximumTokens = 256,
                OverflowPolicy = OverflowPolicy.Truncate,
                Decoding = new DecodingOptions { MinLength = Tokens, MaxLength = Tokens },
            },
            Report(ml));
        var schema = ml.Data.LoadFromEnumerable(Array.Empty<Row>()).Schema;
        for (int i = 0; i < paths.Length; i++)
        {
            using var rounded = precisions[i] == InferencePrecision.Float32 ? null : model.Quantize(precisions[i]);
            ml.Model.Save(rounded ?? model, schema, paths[i]);
        }
    }

    /// <summary>Of some training: a file has one.</summary>
    private static TrainingReport Report(MLContext ml)
    {
        Row[] rows = [new() { Source = "a b", Target = "a b" }];
        using var model = ml.Seq2Seq.Trainers.Transformer(new TransformerTrainer.Options
        {
            Architecture = TransformerArchitecture.Tiny,
            Tokenization = new SubwordOptions { Kind = SubwordKind.Whitespace, MinimumFrequency = 1 },
            Training = new TrainingOptions { MaxSteps = 1 },
        }).Fit(ml.Data.LoadFromEnumerable(rows));
        return model.Report;
    }

    private static Costs LoadInAFreshProcess(string path)
    {
        string host = Environment.ProcessPath!, program = Environment.GetCommandLineArgs()[0];
        string[] arguments = ["loading", "--model", path];
        bool isHost = Path.GetFileNameWithoutExtension(host) == "dotnet";
        using var process = Process.Start(new ProcessStartInfo(host, isHost ? [program, .. arguments] : arguments) { RedirectStandardOutput = true })!;
        string[] output = process.StandardOutput.ReadToEnd().Split(' ');
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"The process that loads {path} ended with {process.ExitCode}.");
        double[] figures = Array.ConvertAll(output, figure => double.Parse(figure, CultureInfo.InvariantCulture));
        return new Costs(figures[0], figures[1], figures[2], figures[3]);
    }

    private static void Load(string path)
    {
        var ml = new MLContext(1);
        var cpu = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        var model = ml.Model.Load(path, out _);
        double seconds = watch.Elapsed.TotalSeconds, cpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
        using var engine = ml.Model.CreatePredictionEngine<Row, Prediction>(model);
        if (engine.Predict(new Row { Source = Source }).PredictedTarget.Split(' ').Length != Tokens)
            throw new InvalidOperationException($"The prediction has not {Tokens} tokens.");
        using var process = Process.GetCurrentProcess();
        Print($"{seconds} {cpuSeconds} {process.WorkingSet64 / 1e6} {process.PeakWorkingSet64 / 1e6}");
    }

    private readonly record struct Costs(double Seconds, double CpuSeconds, double Megabytes, double PeakMegabytes);

    private readonly record struct Summary(double File, double Seconds, double CpuSeconds, double Megabytes, double PeakMegabytes);

    private sealed class Row
    {
        public string Source { get; set; } = "";

        public string Target { get; set; } = "";
    }

    private sealed class Prediction
    {
        public string PredictedTarget { get; set; } = "";
    }
}
