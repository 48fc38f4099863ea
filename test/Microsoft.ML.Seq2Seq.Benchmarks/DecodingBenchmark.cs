using System.CommandLine;
using System.Diagnostics;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Text in, text out, 25 tokens from 25, against a plain loop of TorchSharp calls, turn by turn on the same
/// sources.</summary>
internal static class DecodingBenchmark
{
    private const int Tokens = 25; // of each source, its end included, and of each target
    private const int LeastSources = 16; // of one round

    public static System.CommandLine.Command Command()
    {
        var config = new Option<string>("--config") { Description = "tiny or base", DefaultValueFactory = _ => "tiny" };
        config.AcceptOnlyFromAmong("tiny", "base");
        var batches = new Option<int[]>("--batches") { Description = "sources at a time", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 32, 128] };
        var beam = new Option<int>("--beam") { Description = "beam size; 1: greedy", DefaultValueFactory = _ => 1 };
        var precisions = new Option<InferencePrecision[]>("--precision") { Description = "float32, bfloat16, int8; several are measured in turn", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [InferencePrecision.Float32] };
        var workers = new Option<int?>("--workers") { Description = "threads that decode side by side (default: libtorch's number)" };
        var threads = new Option<int?>("--threads") { Description = "libtorch threads (default: libtorch's)" };
        var rounds = new Option<int>("--rounds") { Description = "measured runs of each", DefaultValueFactory = _ => 9 };
        var command = new System.CommandLine.Command("decoding", "Tokens a second of decoding against a plain float32 loop.")
        {
            config, batches, beam, precisions, workers, threads, rounds,
        };
        command.SetAction(parsed =>
        {
            using var scope = new ThreadScope(parsed.GetValue(threads));
            using var models = new Models(parsed.GetValue(config) == "tiny");
            foreach (int rows in parsed.GetValue(batches)!)
                Run(parsed.GetValue(config)!, models, rows, parsed.GetValue(beam), parsed.GetValue(precisions)!, parsed.GetValue(workers), parsed.GetValue(rounds));
        });
        return command;
    }

    private static void Run(string config, Models models, int rows, int beam, InferencePrecision[] precisions, int? workers, int rounds)
    {
        DecodingPlan Plan(InferencePrecision precision) => models.Codec.Plan(new DecodingOptions
        {
            Strategy = beam == 1 ? DecodingStrategy.Greedy : DecodingStrategy.Beam,
            BeamSize = Math.Max(beam, 1),
            MinLength = Tokens,
            MaxLength = Tokens,
            MaxLengthRatio = 0,
            Precision = precision,
        });
        var random = new Random(1);
        int[][] sources = [.. Enumerable.Range(0, rows).Select(_ =>
            Enumerable.Range(0, Tokens - 1).Select(_ => random.Next(SpecialTokens.FirstText, models.Vocabulary)).ToArray())];
        GenerationRequest[] requests = [.. sources.Select(source => new GenerationRequest(models.Codec.Source.Decode(source)))];
        using var ids = torch.tensor(
            sources.SelectMany(source => source.Append(SpecialTokens.End)).Select(id => (long)id).ToArray(), [rows, Tokens]);
        Contender[] contenders =
        [
            new("plain", () => (beam == 1 ? models.Plain.Greedy(ids, Tokens) : models.Plain.Beam(ids, beam, Tokens)).Length / Math.Max(beam, 1)),
            .. precisions.Select(precision => (Name: precision.ToString().ToLowerInvariant(), Plan: Plan(precision))).Select(made => new Contender(made.Name, () =>
                models.Generator.Generate(requests, made.Plan, workers: workers).Sum(generation => generation.Tokens.Count))),
        ];
        // Every round decodes as many sources, so that few rows at a time are timed as long as many.
        int repeats = Math.Max(1, LeastSources / rows);
        for (int round = -2; round < rounds; round++)
            foreach (var contender in contenders)
                contender.Run(repeats, rows * Tokens, isMeasured: round >= 0);

        string search = beam == 1 ? "greedy" : $"beam{beam}";
        foreach (var contender in contenders)
            Print($"{search}/{rows} {contender.Name}: {contender.TokensPerSecond:f0} target tokens/s, {contender.CpuSeconds * 1e6:f0} µs CPU a token");
        foreach (var contender in contenders[1..])
            Print($"RATIO decoding/{config}/{search}/{rows}/{contender.Name} {contender.TokensPerSecond / contenders[0].TokensPerSecond:f2}");
    }

    /// <summary>The two models, of one shape, with random weights.</summary>
    private sealed class Models : IDisposable
    {
        private readonly SharedModel _weights;

        public Models(bool tiny)
        {
            var architecture = tiny ? TransformerArchitecture.Tiny : TransformerArchitecture.Base;
            architecture.NormPlacement = NormPlacement.Post; // as in the plain loop
            Vocabulary = tiny ? 10_000 : 32_000;
            Plain = new DecodingPlainLoop(architecture, Vocabulary);
            using var generator = new Generator(1, CPU);
            _weights = new SharedModel(ServedModel.Of(new TransformerModel(architecture, Vocabulary, Vocabulary, generator)));
            _weights.AddOwner();
            var tokenizer = new UnitTokenizer(SubwordKind.Whitespace, new TextPreparation(Lowercase: false, TextNormalization.None),
                [.. Enumerable.Range(SpecialTokens.FirstText, Vocabulary - SpecialTokens.FirstText).Select(id => $"t{id}")], SymbolSet.Empty);
            Codec = new TextCodec(tokenizer, tokenizer, 256, OverflowPolicy.Truncate);
            Generator = new TextGenerator(_weights, Codec, CPU);
        }

        public int Vocabulary { get; }

        public DecodingPlainLoop Plain { get; }

        public TextCodec Codec { get; }

        public TextGenerator Generator { get; }

        public void Dispose()
        {
            Plain.Dispose();
            _weights.RemoveOwner();
        }
    }

    /// <summary>One of them, with its times.</summary>
    private sealed class Contender(string name, Func<int> decode)
    {
        /// <summary>libtorch's threads wait busily for more work for 0.2 s: not in the next contender's time.</summary>
        private static readonly TimeSpan _settling = TimeSpan.FromSeconds(0.3);

        private readonly List<(double Wall, double Cpu)> _secondsPerToken = [];

        public string Name => name;

        public double TokensPerSecond => 1 / Median(_secondsPerToken.Select(times => times.Wall));

        public double CpuSeconds => Median(_secondsPerToken.Select(times => times.Cpu));

        public void Run(int repeats, int tokens, bool isMeasured)
        {
            Thread.Sleep(_settling);
            var cpu = Environment.CpuUsage.TotalTime;
            var watch = Stopwatch.StartNew();
            int written = 0;
            for (int i = 0; i < repeats; i++)
                written += decode();
            double seconds = watch.Elapsed.TotalSeconds;
            if (written != repeats * tokens)
                throw new InvalidOperationException($"{name} wrote {written} tokens instead of {repeats * tokens}.");
            if (isMeasured)
                _secondsPerToken.Add((seconds / written, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds / written));
        }
    }
}
