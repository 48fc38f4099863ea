using System.CommandLine;
using System.Diagnostics;
using Microsoft.ML.Data;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Resident memory of <c>Transform</c> over a million rows that are made as they are read: it has to stay where the first windows
/// brought it.</summary>
internal static class BulkBenchmark
{
    private const int Marks = 10; // readings over the run
    private const int WrittenTokens = 4; // of each row: it is the rows that count here

    public static System.CommandLine.Command Command()
    {
        var rows = new Option<int>("--rows") { Description = "to transform", DefaultValueFactory = _ => 1_000_000 };
        var command = new System.CommandLine.Command("bulk", "Memory of Transform over many rows.") { rows };
        command.SetAction(parsed => Run(parsed.GetValue(rows)));
        return command;
    }

    private static void Run(int count)
    {
        var ml = new MLContext(1);
        using var trained = ml.Seq2Seq.Trainers.Transformer(new TransformerTrainer.Options
        {
            Architecture = TransformerArchitecture.Tiny,
            Tokenization = { VocabularySize = 2000 },
            Training = { MaxSteps = 2, TokensPerBatch = 512 },
        }).Fit(ml.Data.LoadFromEnumerable(SyntheticPairs.Texts(2000, shortest: 1, longest: 12)));
        using var model = trained.WithDecoding(new DecodingOptions { Strategy = DecodingStrategy.Greedy, MinLength = WrittenTokens, MaxLength = WrittenTokens });

        var view = model.Transform(ml.Data.LoadFromEnumerable(SyntheticPairs.Texts(count, shortest: 1, longest: 12)));
        using var process = Process.GetCurrentProcess();
        var watch = Stopwatch.StartNew();
        long characters = 0;
        int read = 0, every = Math.Max(1, count / Marks);
        foreach (string text in view.GetColumn<string>("PredictedTarget"))
        {
            characters += text.Length;
            if (++read % every != 0)
                continue;
            process.Refresh();
            Print($"row {read}: resident {process.WorkingSet64 >> 20} MB");
        }
        process.Refresh();
        Print($"{read / watch.Elapsed.TotalSeconds:f0} rows/s, {characters} characters, peak {process.PeakWorkingSet64 >> 20} MB");
    }
}
