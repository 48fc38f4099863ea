using System.CommandLine;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Seq2Seq.Evaluation;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Processor seconds that each metric takes for many pairs, on one thread, against BLEU as a .NET user writes it: n-grams as
/// strings in dictionaries.</summary>
internal static partial class MetricsBenchmark
{
    private const int Words = 20_000;
    private const int Shortest = 5, Longest = 40; // words of a sentence
    private const double Changed = 0.3;           // share of words that a hypothesis has otherwise

    public static System.CommandLine.Command Command()
    {
        var pairs = new Option<int>("--pairs") { Description = "how many", DefaultValueFactory = _ => 100_000 };
        var rounds = new Option<int>("--rounds") { Description = "of BLEU against the baseline, turn by turn", DefaultValueFactory = _ => 3 };
        var write = new Option<DirectoryInfo?>("--write") { Description = "folder to write the pairs to, as hyp.txt and ref.txt, for other tools" };
        var command = new System.CommandLine.Command("metrics", "Processor seconds that BLEU, chrF and the others take, on one thread.") { pairs, rounds, write };
        command.SetAction(parse => Run(parse.GetValue(pairs), parse.GetValue(rounds), parse.GetValue(write)));
        return command;
    }

    private static void Run(int count, int rounds, DirectoryInfo? folder)
    {
        var pairs = Pairs(count);
        if (folder is not null)
        {
            File.WriteAllLines(Path.Combine(folder.FullName, "hyp.txt"), pairs.Select(pair => pair.Hypothesis));
            File.WriteAllLines(Path.Combine(folder.FullName, "ref.txt"), pairs.Select(pair => pair.Reference));
        }
        double bleu = 0, plain = 0, score = 0, plainScore = 0;
        for (int round = 0; round < rounds; round++)
        {
            bleu += Seconds(() => score = Score(EvaluationMetric.Bleu, pairs));
            plain += Seconds(() => plainScore = PlainBleu(pairs));
        }
        Print($"Bleu {bleu / rounds:f2} s CPU ({score:f4}), strings in dictionaries {plain / rounds:f2} s CPU ({plainScore:f4})");
        Print($"RATIO metrics/{count}/bleu {plain / bleu:f2}");
        double chrF = 0;
        foreach (var metric in Enum.GetValues<EvaluationMetric>().Where(metric => metric != EvaluationMetric.Bleu))
        {
            double seconds = Seconds(() => score = Score(metric, pairs));
            Print($"{metric} {seconds:f2} s CPU ({score:f4})");
            if (metric == EvaluationMetric.ChrF)
                chrF = seconds;
        }
        Print($"Bleu + ChrF {(bleu / rounds) + chrF:f2} s CPU for {count} pairs");
    }

    private static double Score(EvaluationMetric metric, List<(string Hypothesis, string Reference)> pairs)
    {
        var corpus = CorpusMetric.Create(metric, new EvaluationOptions());
        double[] sum = new double[corpus.Width], row = new double[corpus.Width];
        foreach (var (hypothesis, reference) in pairs)
        {
            corpus.Measure(hypothesis, [reference], row);
            for (int i = 0; i < sum.Length; i++)
                sum[i] += row[i];
        }
        return corpus.Score(sum);
    }

    /// <summary>Sentences of words that are as frequent and as long as those of a language: the n-th is 1/n as frequent as the
    /// first (Zipf), and the frequent ones are short.</summary>
    private static List<(string Hypothesis, string Reference)> Pairs(int count)
    {
        var random = new Random(1);
        string[] words = [.. Enumerable.Range(0, Words).Select(rank => string.Concat(Enumerable.Range(0, 1 + random.Next(2 + (int)Math.Log2(rank + 2)))
            .Select(_ => (char)('a' + random.Next(26)))))];
        string Word() => words[(int)Math.Pow(Words, random.NextDouble()) - 1];
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            string[] reference = [.. Enumerable.Range(0, random.Next(Shortest, Longest + 1)).Select(_ => Word())];
            string[] hypothesis = [.. reference.Select(word => random.NextDouble() < Changed ? Word() : word)];
            return (Sentence(hypothesis), Sentence(reference));
        })];

        string Sentence(string[] sentence)
        {
            var text = new StringBuilder().AppendJoin(' ', sentence);
            return text.Append(random.Next(4) == 0 ? "?" : ".").ToString();
        }
    }

    private static double PlainBleu(List<(string Hypothesis, string Reference)> pairs)
    {
        const int Order = 4;
        long[] matches = new long[Order], totals = new long[Order];
        long length = 0, referenceLength = 0;
        foreach (var (hypothesis, reference) in pairs)
        {
            string[] written = Tokens().Replace(hypothesis, " $1 ").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] expected = Tokens().Replace(reference, " $1 ").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            length += written.Length;
            referenceLength += expected.Length;
            for (int n = 1; n <= Order; n++)
            {
                var counts = Count(expected, n);
                foreach (var (ngram, times) in Count(written, n))
                {
                    totals[n - 1] += times;
                    matches[n - 1] += Math.Min(times, counts.GetValueOrDefault(ngram));
                }
            }
        }
        double brevity = length >= referenceLength ? 1 : Math.Exp(1 - ((double)referenceLength / length));
        return 100 * brevity * Math.Exp(matches.Zip(totals, (match, total) => Math.Log((double)match / total)).Average());

        static Dictionary<string, int> Count(string[] tokens, int n)
        {
            var counts = new Dictionary<string, int>();
            for (int i = 0; i + n <= tokens.Length; i++)
            {
                string ngram = string.Join(' ', tokens, i, n);
                counts[ngram] = counts.GetValueOrDefault(ngram) + 1;
            }
            return counts;
        }
    }

    [GeneratedRegex("([.?])")]
    private static partial Regex Tokens();

    private static double Seconds(Action work)
    {
        var before = Environment.CpuUsage.TotalTime; // a busy machine doesn't count
        work();
        return (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }
}
