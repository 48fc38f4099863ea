using System.CommandLine;
using System.Diagnostics;
using Microsoft.ML.Data;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>What a service sees: many clients through a <see cref="Seq2SeqBatcher"/> against one prediction at a time, and the
/// latency of a <see cref="PredictionEngine{TSrc, TDst}"/>.</summary>
internal static class ServingBenchmark
{
    private const int Columns = 24; // tokens of a source

    public static System.CommandLine.Command Command()
    {
        var clients = new Option<int>("--clients") { Description = "concurrent clients", DefaultValueFactory = _ => 64 };
        var requests = new Option<int>("--requests") { Description = "requests a round, so many that its beginning and its end, when not all clients wait, hardly count", DefaultValueFactory = _ => 1024 };
        var rounds = new Option<int>("--rounds") { Description = "measured rounds of each", DefaultValueFactory = _ => 5 };
        var beam = new Option<int>("--beam") { Description = "beam size; 1: greedy", DefaultValueFactory = _ => 1 };
        var command = new System.CommandLine.Command("serving", "Throughput with many clients, and latency of single predictions.")
        {
            clients, requests, rounds, beam,
        };
        command.SetAction((parsed, _) => RunAsync(
            parsed.GetValue(clients), parsed.GetValue(requests), parsed.GetValue(rounds), parsed.GetValue(beam)));
        return command;
    }

    private static async Task<int> RunAsync(int clients, int requests, int rounds, int beam)
    {
        var random = new Random(1);
        Row[] rows = [.. Enumerable.Range(0, requests).Select(_ => RandomRow(random))];
        var ml = new MLContext(1);
        using var trained = ml.Seq2Seq.Trainers.Transformer(Options()).Fit(ml.Data.LoadFromEnumerable(rows));
        using var model = trained.WithDecoding(new DecodingOptions
        {
            Strategy = beam == 1 ? DecodingStrategy.Greedy : DecodingStrategy.Beam,
            BeamSize = beam,
            MinLength = Columns, // a model that has hardly been trained may stop at once, or never
            MaxLength = Columns,
        });
        using var engine = ml.Model.CreatePredictionEngine<Row, Prediction>(model, new PredictionEngineOptions { OwnsTransformer = false });
        await using var batcher = model.CreateBatcher();

        List<double> alone = [], together = [], latencies = [];
        for (int round = -1; round < rounds; round++)
        {
            double one = await SecondsAsync(() =>
            {
                foreach (var row in rows)
                {
                    long start = Stopwatch.GetTimestamp();
                    engine.Predict(row);
                    if (round >= 0)
                        latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
                return Task.CompletedTask;
            });
            double all = await SecondsAsync(() => Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
            {
                for (int i = client; i < rows.Length; i += clients)
                    await batcher.GenerateAsync(rows[i].Source);
            }))));
            if (round < 0)
                continue; // warm-up
            alone.Add(requests / one);
            together.Add(requests / all);
        }
        Print($"one at a time: {Quantile(alone, 0.5):f0} predictions/s; {clients} clients: {Quantile(together, 0.5):f0} predictions/s");
        Print($"PredictionEngine latency: p50 {Quantile(latencies, 0.5):f2} ms, p99 {Quantile(latencies, 0.99):f2} ms");
        Print($"RATIO serving/{clients}/throughput {Quantile(together.Zip(alone, (many, one) => many / one), 0.5):f2}");
        Print($"RATIO serving/latency/p99-to-p50 {Quantile(latencies, 0.99) / Quantile(latencies, 0.5):f2}");
        return 0;
    }

    /// <summary>The size of the model that writes dates.</summary>
    private static TransformerTrainer.Options Options() => new()
    {
        Architecture = TransformerArchitecture.Tiny,
        Tokenization = new SubwordOptions { Kind = SubwordKind.Character },
        Training = new TrainingOptions { MaxSteps = 2, TokensPerBatch = 512 },
    };

    private static Row RandomRow(Random random)
    {
        string text = new([.. Enumerable.Range(0, Columns).Select(_ => (char)random.Next('a', 'z' + 1))]);
        return new Row { Source = text, Target = text };
    }

    private static async Task<double> SecondsAsync(Func<Task> work)
    {
        var watch = Stopwatch.StartNew();
        await work();
        return watch.Elapsed.TotalSeconds;
    }

    private static double Quantile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Round(share * (sorted.Length - 1))];
    }

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
