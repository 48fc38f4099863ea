using System.CommandLine;
using System.Diagnostics;
using Microsoft.ML.Data;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Vectors of many rows by <see cref="EmbeddingTransformer.Transform"/>, which reads ahead and encodes in batches,
/// against one row at a time, as ML.NET's own row mappers would.</summary>
internal static class EmbeddingBenchmark
{
    public static System.CommandLine.Command Command()
    {
        var count = new Option<int>("--rows") { Description = "rows a round", DefaultValueFactory = _ => 2000 };
        var length = new Option<int>("--length") { Description = "longest text, in tokens; the shortest has a fifth", DefaultValueFactory = _ => 40 };
        var rounds = new Option<int>("--rounds") { Description = "measured rounds of each", DefaultValueFactory = _ => 5 };
        var command = new System.CommandLine.Command("embedding", "Rows a second of Embed in batches against one row at a time.") { count, length, rounds };
        command.SetAction(parsed => Run(parsed.GetValue(count), parsed.GetValue(length), parsed.GetValue(rounds)));
        return command;
    }

    private static void Run(int count, int length, int rounds)
    {
        var random = new Random(1);
        Row[] rows = [.. Enumerable.Range(0, count).Select(_ => RandomRow(random, length))];
        var ml = new MLContext(1);
        var data = ml.Data.LoadFromEnumerable(rows);
        using var model = ml.Seq2Seq.Trainers.Transformer(new TransformerTrainer.Options
        {
            Architecture = TransformerArchitecture.Tiny,
            Tokenization = new SubwordOptions { Kind = SubwordKind.Character },
            Training = new TrainingOptions { MaxSteps = 2, TokensPerBatch = 512 },
        }).Fit(data);
        using var embedding = ml.Seq2Seq.Transforms.Embed(model, "Features", "Source").Fit(data);
        using var engine = ml.Model.CreatePredictionEngine<Row, Vector>(embedding, new PredictionEngineOptions { OwnsTransformer = false });

        List<double> single = [], batched = [];
        for (int round = -1; round < rounds; round++)
        {
            double one = Seconds(() =>
            {
                foreach (var row in rows)
                    engine.Predict(row);
            });
            double all = Seconds(() => embedding.Transform(data).GetColumn<float[]>("Features").Count());
            if (round < 0)
                continue; // warm-up
            single.Add(count / one);
            batched.Add(count / all);
        }
        Print($"one row at a time: {Median(single):f0} rows/s; in batches: {Median(batched):f0} rows/s");
        Print($"RATIO embedding/tiny/{length} {Median(batched.Zip(single, (many, one) => many / one)):f2}");
    }

    private static Row RandomRow(Random random, int length)
    {
        string text = new([.. Enumerable.Range(0, random.Next(length / 5, length + 1)).Select(_ => (char)random.Next('a', 'z' + 1))]);
        return new Row { Source = text, Target = text };
    }

    private static double Seconds(Action work)
    {
        var watch = Stopwatch.StartNew();
        work();
        return watch.Elapsed.TotalSeconds;
    }

    private sealed class Row
    {
        public string Source { get; set; } = "";

        public string Target { get; set; } = "";
    }

    private sealed class Vector
    {
        public float[] Features { get; set; } = [];
    }
}
