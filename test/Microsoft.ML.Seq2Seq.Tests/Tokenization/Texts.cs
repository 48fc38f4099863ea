using System.Text;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>Texts that the tests learn from, and random ones.</summary>
internal static class Texts
{
    /// <summary>Several scripts, each line three times, so that everything is frequent enough.</summary>
    public static readonly string[] Corpus = [.. Enumerable.Repeat<string[]>(
    [
        "The cat's toys aren't on the mat; the cats sat there at 9:45, on 3 March 2026.",
        "the cat sat on the mat, and the dog sat on the cat!",
        "Der Hund läuft über die Straße und die Hunde laufen über die Straßen.",
        "Dienstag, den 3. März 2026; mardi 3 mars 2026 à l'hôtel, l'eau",
        "2026年3月3日は火曜日です。今日は火曜日です。",
        "الثلاثاء، ٣ مارس ٢٠٢٦ وثلاثاء",
        "วันอังคารที่ 3 มีนาคม พ.ศ. 2569",
        "मंगलवार, 3 मार्च 2026",
        "if (x == 0)\n\t    return y;\t// 👍🏽 👨‍👩‍👧 👍",
    ], 3).SelectMany(lines => lines)];

    public static SubwordTokenizer Learn(SubwordKind kind = SubwordKind.BytePairEncoding, Action<SubwordOptions>? change = null)
    {
        var options = new SubwordOptions { Kind = kind, VocabularySize = 700 };
        change?.Invoke(options);
        return SubwordLearner.Learn(Corpus, options);
    }

    public static SubwordTokenizer SavedAndLoaded(SubwordTokenizer tokenizer)
    {
        using var stream = new MemoryStream();
        tokenizer.Save(stream);
        stream.Position = 0;
        return SubwordTokenizer.Load(stream);
    }

    /// <summary>Anything that a .NET string can be: all planes, halves of pairs, runs of white space, words of the
    /// corpus.</summary>
    public static string Random(Random random)
    {
        var text = new StringBuilder();
        for (int parts = random.Next(1, 20); parts > 0; parts--)
        {
            switch (random.Next(10))
            {
                case 0: text.Append(' ', random.Next(1, 5)); break;
                case 1: text.Append("\t\n\r\0\u00A0\u200B\u2028\u3000\uFEFF▁▁"[random.Next(11)]); break;
                case 2: text.Append((char)random.Next(0xD800, 0xE000)); break; // half of a pair
                case 3: text.Append((char)random.Next(0x10000)); break;
                case 4: text.Append(char.ConvertFromUtf32(random.Next(0x10000, 0x110000))); break;
                case 5: text.Append((char)random.Next(128)); break;
                case 6: text.Append(random.Next(100000)); break;
                case 7: text.Append("<pad></s><0x41><unk>"[..random.Next(1, 20)]); break;
                default:
                    string line = Corpus[random.Next(Corpus.Length)];
                    int start = random.Next(line.Length);
                    text.Append(line, start, random.Next(line.Length - start));
                    break;
            }
        }
        return text.ToString();
    }

    public static IEnumerable<string> Random(int seed, int count)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
            yield return Random(random);
    }

    public static readonly string[] Awkward =
    [
        "", " ", "  ", "   ", " a", "a ", "  a  b  ", "\t", "\n", "a\r\nb", "▁", "▁▁ ▁", " ▁a", "\0", "a\0b", "\u00A0",
        "\uD83D\uDE00", "\uD83D", "\uDE00", "\uDE00\uD83D", "a\uDC41b", "\uD83D \uDE00", "\uFFFD", "\uFFFE\uFFFF", "<0x41>",
        "<pad><s></s><unk>", "\u0301", "e\u0301", " \u0301", "👨‍👩‍👧‍👦", "1️⃣", "don't", "'don't'", "''", "x'", "日本語", "ﬁ Ａ",
    ];
}
