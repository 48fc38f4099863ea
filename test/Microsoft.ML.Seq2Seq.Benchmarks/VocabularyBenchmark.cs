using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML.Seq2Seq.Tokenization;
using Microsoft.ML.Tokenizers;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Learning a vocabulary from many sentences, against the published algorithm; and encoding with it, against
/// Microsoft.ML.Tokenizers' own encoder with the same merges and against cutting the text at its spaces.</summary>
internal static class VocabularyBenchmark
{
    private const int WordsInSentence = 12;
    private const int Sample = 100_000; // sentences that are encoded
    private const int Rounds = 5;

    public static System.CommandLine.Command Command()
    {
        var file = new Option<FileInfo>("--file") { Description = "text whose words make up the sentences, such as Multi30k's train.tsv", Required = true };
        var sentences = new Option<int>("--sentences") { Description = "how many", DefaultValueFactory = _ => 1_000_000 };
        var size = new Option<int>("--vocabulary") { Description = "pieces to learn", DefaultValueFactory = _ => 32_000 };
        var distinct = new Option<int>("--distinct")
        {
            Description = "as many new words, each of the beginning of one and the end of another, take every second place; 0: none",
            DefaultValueFactory = _ => 0,
        };
        var baseline = new Option<bool>("--baseline") { Description = "learn with the published algorithm, too: slow", DefaultValueFactory = _ => true };
        var write = new Option<FileInfo?>("--write") { Description = "write the text as words that are learned from, and the merges to its neighbour .merges, to compare with other programs" };
        var command = new System.CommandLine.Command("vocabulary", "Learns a vocabulary by byte-pair encoding and encodes with it, on one thread.")
        {
            file, sentences, size, distinct, baseline, write,
        };
        command.SetAction(parse => Run(
            File.ReadAllText(parse.GetRequiredValue(file).FullName), parse.GetValue(sentences), parse.GetValue(size),
            parse.GetValue(distinct), parse.GetValue(baseline), parse.GetValue(write)));
        return command;
    }

    private static int Run(string text, int sentences, int size, int distinct, bool baseline, FileInfo? write)
    {
        string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        string[] made = Mix(words, distinct);
        // Made anew each time they are read, so that the text itself takes no memory.
        IEnumerable<string> Sentences()
        {
            var random = new Random(1);
            for (int i = 0; i < sentences; i++)
                yield return string.Join(' ', Enumerable.Range(0, WordsInSentence)
                    .Select(place => place % 2 == 0 && made.Length > 0 ? made[random.Next(made.Length)] : words[random.Next(words.Length)]));
        }

        string name = distinct > 0 ? $"vocabulary/{size}/distinct" : $"vocabulary/{size}";
        double making = Seconds(() => Sentences().Count());
        BytePairTokenizer tokenizer = null!;
        var options = new SubwordOptions { VocabularySize = size };
        var watch = Stopwatch.StartNew();
        double learning = Seconds(() => tokenizer = (BytePairTokenizer)SubwordLearner.Learn(Sentences(), options)) - making;
        Print($"learned {tokenizer.VocabularySize} pieces from {sentences} sentences in {learning:f1} s of CPU time ({watch.Elapsed.TotalSeconds:f1} s with making them), peak {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB");
        if (write is not null)
        {
            File.WriteAllLines(write.FullName, Sentences().Select(sentence => MarkedText.Mark(sentence, null, singleSymbols: false)));
            File.WriteAllLines(write.FullName + ".merges", tokenizer.Merges.Select(tokenizer.Show));
        }
        if (baseline)
        {
            List<(string, string)> merges = [];
            double textbook = Seconds(() => merges = Textbook(Sentences(), tokenizer, options)) - making;
            bool same = merges.SequenceEqual(tokenizer.Merges.Select(merge => (tokenizer.Pieces[merge.Left], tokenizer.Pieces[merge.Right])));
            Print($"the published algorithm: {textbook:f1} s of CPU time, {(same ? "the same" : "OTHER")} {merges.Count} merges");
            Print($"RATIO {name}/learn {textbook / learning:f2}");
            if (!same)
                return 1;
        }
        Encode(name, tokenizer, [.. Sentences().Take(Sample)]);
        return 0;
    }

    private static void Encode(string name, BytePairTokenizer tokenizer, string[] sample)
    {
        // The same merges on words that are marked already: what our marking costs.
        var vocabulary = Enumerable.Range(0, tokenizer.Pieces.Length).Select(i => KeyValuePair.Create(tokenizer.Pieces[i], i));
        var plain = BpeTokenizer.Create(new BpeOptions(vocabulary)
        {
            Merges = tokenizer.Merges.Select(tokenizer.Show),
            PreTokenizer = PreTokenizer.CreateWhiteSpace(),
        });
        string[] marked = [.. sample.Select(sentence => MarkedText.Mark(sentence, null, singleSymbols: false))];
        List<double> ours = [], theirs = [], split = [];
        long tokens = 0;
        for (int round = -1; round < Rounds; round++)
        {
            double one = Seconds(() => tokens = sample.Sum(sentence => (long)tokenizer.Encode(sentence).Length));
            double two = Seconds(() => marked.Sum(sentence => (long)plain.EncodeToIds(sentence).Count));
            double three = Seconds(() => sample.Sum(sentence => (long)sentence.Split(' ').Length));
            if (round < 0)
                continue; // warm-up
            ours.Add(one);
            theirs.Add(two);
            split.Add(three);
        }
        Print($"encoded {tokens / Median(ours):f0} tokens a second of CPU time");
        Print($"RATIO {name}/encode {Median(theirs.Zip(ours, (plain, our) => plain / our)):f3}");
        Print($"RATIO {name}/encode-to-split {Median(split.Zip(ours, (cut, our) => cut / our)):f3}");
    }

    private static List<(string Left, string Right)> Textbook(IEnumerable<string> sentences, BytePairTokenizer tokenizer, SubwordOptions options)
    {
        var counts = new Dictionary<string, long>();
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (string sentence in sentences)
        {
            foreach (var word in new TextUnits(SubwordKind.BytePairEncoding, sentence, isStart: true))
                CollectionsMarshal.GetValueRefOrAddDefault(lookup, word, out _)++;
        }
        var alphabet = tokenizer.Pieces[..tokenizer.AlphabetSize].ToArray().ToDictionary(sign => char.ConvertToUtf32(sign, 0), sign => sign);
        var learner = new TextbookBytePairs();
        var characters = new List<int>();
        foreach (var (word, count) in counts)
        {
            characters.Clear();
            MarkedText.AddCharacters(word, characters);
            learner.Add([.. characters.Select(alphabet.GetValueOrDefault)], count);
        }
        return learner.Learn(tokenizer.Merges.Count, options.MinimumFrequency);
    }

    private static string[] Mix(string[] words, int count)
    {
        var random = new Random(2);
        string[] letters = [.. words.Where(word => word.Length > 3 && word.All(char.IsLetter))];
        var made = new HashSet<string>();
        while (made.Count < count)
        {
            string first = letters[random.Next(letters.Length)], second = letters[random.Next(letters.Length)];
            made.Add(first[..random.Next(1, first.Length)] + second[random.Next(1, second.Length)..]);
        }
        return [.. made];
    }

    /// <summary>Of CPU time: all is done on one thread, and other processes don't count.</summary>
    private static double Seconds(Action work)
    {
        var start = Environment.CpuUsage.TotalTime;
        work();
        return (Environment.CpuUsage.TotalTime - start).TotalSeconds;
    }
}
