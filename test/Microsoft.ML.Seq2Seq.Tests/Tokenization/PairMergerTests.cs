using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>Which merges are learned.</summary>
[TestClass]
public sealed class PairMergerTests
{
    [TestMethod]
    [DataRow(2, 14)]
    [DataRow(3, 10)]
    [DataRow(8, 8)]
    public void MergesEqualThoseOfTheDefinition(int letters, int longest)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            var words = Enumerable.Range(0, 60)
                .Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, longest)).Select(_ => (char)('a' + random.Next(letters)))))
                .Distinct().Select(word => (word.Select(c => c.ToString()).ToArray(), (long)random.Next(1, 6))).ToList();
            int pieces = random.Next(10, 200);
            var merges = NaiveBytePairs.Learn(words, pieces, 2);
            CollectionAssert.AreEqual(merges, Merges(words, pieces, 2), $"seed {seed}");
            Assert.HasCount(merges.Count, merges.DistinctBy(merge => merge.Left + merge.Right), "a piece is made twice");
        }
    }

    /// <summary>What learn_bpe.py of subword-nmt (<c>-s 60</c>) writes for the same text. Its symbol for a word's
    /// last letter has the end mark in it.</summary>
    [TestMethod]
    public void MergesEqualThoseOfSubwordNmt()
    {
        const string Text = """
            the banana man can plan an anagram and a mandarin banana plan
            aaaa aaa aa a aaaaa banananana nananana ananas
            seashells she sells on the seashore are seashells she is sure
            the thin thing thinks that the other thing is thinner than this
            der schöne Königsgarten schönt den schönen Garten der Königin
            """;
        const string Expected =
            "a n,t h,an an,th i,a n</w>,a a,ö n,s h,thi n,th e</w>,s e,e r</w>,e n</w>,a r,se a,sea sh,s c,sc h,sch ön,l s</w>,"
            + "l ls</w>,b anan,ön i,öni g,thin g</w>,t en</w>,sh e</w>,seash e,seashe lls</w>,r e</w>,p l,pl an</w>,i s</w>,i n</w>,"
            + "d er</w>,banan a</w>,ar ten</w>,aa a</w>,a a</w>,K önig";
        var words = Text.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).CountBy(word => word)
            .Select(word => (word.Key[..^1].Select(c => c.ToString()).Append($"{word.Key[^1]}</w>").ToArray(), (long)word.Value));
        Assert.AreEqual(Expected, string.Join(',', Merges([.. words], 1000, 2).Select(merge => $"{merge.Left} {merge.Right}")));
    }

    [TestMethod]
    public void NothingIsMergedAcrossWhatIsNoSymbol()
    {
        var merger = new PairMerger(["a", "b"]);
        merger.Add([0, PairMerger.NoSymbol, 1, PairMerger.NoSymbol, PairMerger.NoSymbol], 10);
        Assert.IsEmpty(merger.Learn(100, 1, default));
    }

    private static List<(string Left, string Right)> Merges(
        List<(string[] Symbols, long Count)> words, int maximumPieces, long minimumFrequency)
    {
        string[] alphabet = [.. words.SelectMany(word => word.Symbols).Distinct()];
        var merger = new PairMerger(alphabet);
        foreach (var (symbols, count) in words)
            merger.Add([.. symbols.Select(symbol => Array.IndexOf(alphabet, symbol))], count);
        List<string> pieces = [.. alphabet];
        var merges = new List<(string Left, string Right)>();
        foreach (var merge in merger.Learn(maximumPieces, minimumFrequency, default))
        {
            merges.Add((pieces[merge.Left], pieces[merge.Right]));
            pieces.Add(pieces[merge.Left] + pieces[merge.Right]);
        }
        return merges;
    }
}
