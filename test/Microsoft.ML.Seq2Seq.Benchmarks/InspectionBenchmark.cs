using System.CommandLine;
using System.Diagnostics;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Inspecting many rows with planted faults, against reading their columns and against learning a vocabulary from
/// them.</summary>
internal static class InspectionBenchmark
{
    private const int Words = 20_000, WordsInSentence = 12, Period = 1000;

    private sealed class Pair
    {
        public string Source { get; set; } = "";

        public string Target { get; set; } = "";
    }

    public static System.CommandLine.Command Command()
    {
        var count = new Option<int>("--rows") { Description = "how many", DefaultValueFactory = _ => 1_000_000 };
        var command = new System.CommandLine.Command("inspection", "Inspects made-up pairs of sentences, some of them faulty, on one thread.") { count };
        command.SetAction(parse => Run(parse.GetValue(count)));
        return command;
    }

    private static int Run(int rows)
    {
        var ml = new MLContext(1);
        // Made anew each time they are read, so that the rows themselves take no memory.
        IDataView data = ml.Data.LoadFromEnumerable(Pairs(rows));
        double reading = Seconds(() => Read(data));
        long before = Process.GetCurrentProcess().WorkingSet64;
        DataInspection inspection = null!;
        double inspecting = Seconds(() => inspection = ml.Seq2Seq.Inspect(data));
        long peak = Process.GetCurrentProcess().PeakWorkingSet64;
        double learning = Seconds(() => ml.Transforms.Text.LearnSubwords("Keys", "Target", new SubwordOptions { VocabularySize = 32_000 }).Fit(data));

        // Of every thousand rows one has each fault, so that what was found can be checked.
        int planted = rows / Period;
        foreach (FindingKind kind in new[]
        {
            FindingKind.EmptyText, FindingKind.CopiedSource, FindingKind.DuplicateRow, FindingKind.NearDuplicateRow,
            FindingKind.ForeignScript, FindingKind.LengthRatio,
        })
        {
            long found = inspection.Findings.Where(finding => finding.Kind == kind).Sum(finding => finding.Count);
            Print($"{kind}: {found} found, {planted} planted");
        }
        Print($"inspected {rows / inspecting:f0} rows/s, resident before {before >> 20} MB, peak {peak >> 20} MB");
        Print($"RATIO inspection/{rows} {reading / inspecting:f4}   (time of reading both columns to time of the inspection)");
        Print($"RATIO inspection/{rows}-to-learning {learning / inspecting:f3}   (time of LearnSubwords on one column to time of the inspection of both)");
        return 0;
    }

    private static IEnumerable<Pair> Pairs(int rows)
    {
        var random = new Random(1);
        string[] words = [.. Enumerable.Range(0, Words).Select(_ => Word(random, 'a'))];
        string[] cyrillic = [.. Enumerable.Range(0, 100).Select(_ => Word(random, 'а'))];
        Pair before = new() { Source = "first", Target = "erster" };
        for (int i = 0; i < rows; i++)
        {
            string source = Sentence(random, words), target = Sentence(random, words);
            var pair = (i % Period) switch
            {
                100 => new Pair { Source = source, Target = "" },
                200 => new Pair { Source = source, Target = source },
                300 => new Pair { Source = before.Source, Target = before.Target },
                400 => new Pair { Source = before.Source.ToUpperInvariant(), Target = $"{before.Target}!" },
                500 => new Pair { Source = source, Target = Sentence(random, cyrillic) },
                600 => new Pair { Source = source, Target = string.Concat(Enumerable.Repeat($"{target} ", 20)) },
                _ => new Pair { Source = source, Target = target },
            };
            yield return pair;
            before = pair;
        }
    }

    /// <summary>Zipf's law, roughly: half of the text is of a few hundred words.</summary>
    private static string Sentence(Random random, string[] words) =>
        string.Join(' ', Enumerable.Range(0, WordsInSentence).Select(_ => words[(int)Math.Pow(words.Length, random.NextDouble()) - 1]));

    private static string Word(Random random, char first) =>
        new([.. Enumerable.Range(0, random.Next(2, 10)).Select(_ => (char)(first + random.Next(26)))]);

    private static void Read(IDataView data)
    {
        using var cursor = data.GetRowCursor(data.Schema);
        var source = cursor.GetGetter<ReadOnlyMemory<char>>(data.Schema["Source"]);
        var target = cursor.GetGetter<ReadOnlyMemory<char>>(data.Schema["Target"]);
        ReadOnlyMemory<char> text = default;
        while (cursor.MoveNext())
        {
            source(ref text);
            target(ref text);
        }
    }

    private static double Seconds(Action work)
    {
        var watch = Stopwatch.StartNew();
        work();
        return watch.Elapsed.TotalSeconds;
    }
}
