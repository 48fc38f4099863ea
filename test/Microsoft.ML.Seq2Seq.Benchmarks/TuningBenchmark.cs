using System.CommandLine;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>The best model of a search against the default options trained for the same time, on rows that neither saw.</summary>
internal static class TuningBenchmark
{
    public static System.CommandLine.Command Command()
    {
        var train = new Option<FileInfo>("--train") { Description = "rows to learn from: source, tab, target; such as eng_us_train.tsv", Required = true };
        var test = new Option<FileInfo>("--test") { Description = "rows to measure on", Required = true };
        var budget = new Option<double>("--budget") { Description = "seconds for each of the two", DefaultValueFactory = _ => 120 };
        var rows = new Option<int>("--rows") { Description = "training rows taken", DefaultValueFactory = _ => 10_000 };
        var tokens = new Option<int>("--tokens") { Description = "tokens a batch of both", DefaultValueFactory = _ => 1024 };
        var seed = new Option<int>("--seed") { Description = "of both", DefaultValueFactory = _ => 1 };
        var command = new System.CommandLine.Command("tuning", "Test scores of Tune's best model against the default options in the same time.")
        {
            train, test, budget, rows, tokens, seed,
        };
        command.SetAction(parse => Run(
            Read(parse.GetRequiredValue(train), parse.GetValue(rows)), Read(parse.GetRequiredValue(test), 1000),
            TimeSpan.FromSeconds(parse.GetValue(budget)), parse.GetValue(tokens), parse.GetValue(seed)));
        return command;
    }

    private static void Run(Row[] training, Row[] test, TimeSpan budget, int tokens, int seed)
    {
        var ml = new MLContext(seed);
        var rows = ml.Data.LoadFromEnumerable(training);
        var plain = new TransformerTrainer.Options { Training = { TokensPerBatch = tokens, MaxDuration = budget } };
        using var byDefault = ml.Seq2Seq.Trainers.Transformer(plain).Fit(rows);
        var before = Measure(ml, "default", byDefault, test);

        var options = new TuningOptions { Trainer = new TransformerTrainer.Options { Training = { TokensPerBatch = tokens } } };
        using var result = ml.Seq2Seq.Tune(rows, budget, options);
        Console.Write(result);
        var after = Measure(ml, "tuned", result.BestModel, test);
        Print($"RATIO tuning/seconds {result.Duration / budget:f2}");
        Print($"RATIO tuning/chrf {after.ChrF / before.ChrF:f3}");
        Print($"RATIO tuning/character-error-rate {after.CharacterErrorRate / before.CharacterErrorRate:f3}");
    }

    private static Seq2SeqMetrics Measure(MLContext ml, string name, Seq2SeqTransformer model, Row[] test)
    {
        var metrics = ml.Seq2Seq.Evaluate(model.Transform(ml.Data.LoadFromEnumerable(test)));
        Print($"{name}: chrF {metrics.ChrF:f2}, exact {metrics.ExactMatch:p1}, CER {metrics.CharacterErrorRate:f3}; {model.Report.Steps} steps in {model.Report.Duration.TotalSeconds:f0} s ({model.Report.StopReason})");
        return metrics;
    }

    private static Row[] Read(FileInfo file, int most) => [.. File.ReadLines(file.FullName).Select(line => line.Split('\t'))
        .Where(columns => columns.Length == 2).Take(most).Select(columns => new Row { Source = columns[0], Target = columns[1] })];

    private sealed class Row
    {
        public string Source { get; set; } = "";

        public string Target { get; set; } = "";
    }
}
