using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Learning a vocabulary from many sentences and encoding with it, against cutting the same text at its spaces.</summary>
internal static class VocabularyBenchmark
{
    private const int WordsInSentence = 12;

    public static System.CommandLine.Command Command()
    {
        var file = new Option<FileInfo>("--file") { Description = "text whose words make up the sentences, such as Multi30k's train.tsv", Required = true };
        var sentences = new Option<int>("--sentences") { Description = "how many", DefaultValueFactory = _ => 1_000_000 };
        var size = new Option<int>("--vocabulary") { Description = "pieces to learn", DefaultValueFactory = _ => 32_000 };
        var command = new System.CommandLine.Command("vocabulary", "Learns a vocabulary by byte-pair encoding and encodes with it, on one thread.") { file, sentences, size };
        command.SetAction(parse => Run(
            File.ReadAllText(parse.GetRequiredValue(file).FullName), parse.GetValue(sentences), parse.GetValue(size)));
        return command;
    }

    private static int Run(string text, int sentences, int size)
    {
        string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        // Made anew each time they are read, so that the text itself takes no memory.
        IEnumerable<string> Sentences()
        {
            var random = new Random(1);
            for (int i = 0; i < sentences; i++)
                yield return string.Join(' ', Enumerable.Range(0, WordsInSentence).Select(_ => words[random.Next(words.Length)]));
        }

        double making = Seconds(() => Sentences().Count());
        SubwordTokenizer tokenizer = null!;
        double learning = Seconds(() => tokenizer = SubwordLearner.Learn(Sentences(), new SubwordOptions { VocabularySize = size })) - making;
        Print($"learned {tokenizer.VocabularySize} pieces from {sentences} sentences in {learning:f1} s, peak {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB");

        string[] sample = [.. Sentences().Take(100_000)];
        long tokens = sample.Sum(sentence => (long)tokenizer.Encode(sentence).Length); // warm-up
        double encoding = Seconds(() => sample.Sum(sentence => (long)tokenizer.Encode(sentence).Length));
        double splitting = Seconds(() => sample.Sum(sentence => (long)sentence.Split(' ').Length));
        Print($"encoded {tokens / encoding:f0} tokens/s");
        Print($"RATIO vocabulary/encode-to-split {splitting / encoding:f3}");
        return 0;
    }

    private static double Seconds(Action work)
    {
        var watch = Stopwatch.StartNew();
        work();
        return watch.Elapsed.TotalSeconds;
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
