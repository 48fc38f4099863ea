using System.Diagnostics;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>How a byte-pair vocabulary is applied.</summary>
[TestClass]
public sealed class BytePairTests
{
    private static readonly BytePairTokenizer _tokenizer = (BytePairTokenizer)Texts.Learn();

    [TestMethod]
    public void EncodingEqualsTheDefinition()
    {
        foreach (string text in Texts.Awkward.Concat(Texts.Corpus).Concat(Texts.Random(seed: 4, count: 400)))
            CollectionAssert.AreEqual(NaiveBytePairs.Encode(_tokenizer, text), _tokenizer.Encode(text));
    }

    /// <summary>Merges of words of two letters, in random order: an encoder that mixes up places or ranks is soon found
    /// out.</summary>
    [TestMethod]
    public void EncodingEqualsTheDefinitionWhereMergesOverlap()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            string[] alphabet = ["▁", "a", "b"];
            List<string> pieces = [.. alphabet];
            var merges = new List<Merge>();
            while (merges.Count < 50)
            {
                var merge = new Merge(random.Next(1, pieces.Count), random.Next(1, pieces.Count));
                string piece = pieces[merge.Left] + pieces[merge.Right];
                if (piece.Length > 5 || pieces.Contains(piece))
                    continue;
                pieces.Add(piece);
                merges.Add(merge);
            }
            var tokenizer = new BytePairTokenizer(default, alphabet, merges, SymbolSet.Empty);
            for (int i = 0; i < 500; i++)
            {
                string text = string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(2) == 0 ? "a" : "b"));
                CollectionAssert.AreEqual(NaiveBytePairs.Encode(tokenizer, text), tokenizer.Encode(text), $"seed {seed}, {text}");
            }
        }
    }

    [TestMethod]
    public void FrequentWordsAreOnePiece()
    {
        CollectionAssert.AreEqual(new[] { "▁the", "▁cat", "▁sat" }, _tokenizer.Encode("the cat sat").Select(_tokenizer.Token).ToArray());
        CollectionAssert.AreEqual(new[] { "▁2", "0", "2", "6", "年", "3", "月", "3", "日" },
            _tokenizer.Encode("2026年3月3日").Select(_tokenizer.Token).ToArray());
    }

    [TestMethod]
    public void ThreadsDontDisturbEachOther()
    {
        string[] texts = [.. Texts.Random(seed: 6, count: 2000)];
        int[][] expected = [.. texts.Select(_tokenizer.Encode)];
        var fresh = Texts.SavedAndLoaded(_tokenizer); // with an empty cache
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, thread =>
        {
            for (int i = 0; i < texts.Length; i++)
            {
                int row = (i + (thread * 250)) % texts.Length;
                CollectionAssert.AreEqual(expected[row], fresh.Encode(texts[row]));
                Assert.IsTrue(string.Equals(texts[row], fresh.Decode(expected[row]), StringComparison.Ordinal));
            }
        });
    }

    [TestMethod]
    public void ALongLineTakesNoMoreTimeAWord()
    {
        string line = string.Join(' ', Enumerable.Repeat("the Straße", 5_000));
        string word = string.Concat(Enumerable.Repeat("Straßenhund", 10_000));
        var clock = Stopwatch.StartNew();
        Assert.AreEqual(line, _tokenizer.Decode(_tokenizer.Encode(line)));
        Assert.AreEqual(word, _tokenizer.Decode(_tokenizer.Encode(word)));
        Assert.IsLessThan(10, clock.Elapsed.TotalSeconds); // a quadratic encoder takes minutes
    }

    [TestMethod]
    public void NoDropoutIsTheUsualEncoding()
    {
        var random = new SplitMix64(7);
        foreach (string text in Texts.Random(seed: 7, count: 500))
            CollectionAssert.AreEqual(_tokenizer.Encode(text), _tokenizer.Encode(text, 0, ref random));
    }

    [TestMethod]
    public void DropoutSpellsAWordInManyWays()
    {
        var random = new SplitMix64(8);
        var again = new SplitMix64(8);
        var spellings = new HashSet<string>();
        for (int i = 0; i < 200; i++)
        {
            int[] ids = _tokenizer.Encode("Straßen", 0.3, ref random);
            CollectionAssert.AreEqual(ids, _tokenizer.Encode("Straßen", 0.3, ref again), "the same seed, another spelling");
            spellings.Add(string.Join(' ', ids.Select(_tokenizer.Token)));
        }
        Assert.IsGreaterThan(5, spellings.Count);
        Assert.Contains(string.Join(' ', _tokenizer.Encode("Straßen").Select(_tokenizer.Token)), spellings);
    }

    /// <summary>One merge exists, so a word of it keeps its two characters with just the probability of dropout.</summary>
    [TestMethod]
    public void DropoutHasTheProbabilityAskedFor()
    {
        var tokenizer = SubwordLearner.Learn(["a", "a", "b"], new SubwordOptions { MinimumFrequency = 2 });
        Assert.HasCount(1, tokenizer.Encode("a"));
        var random = new SplitMix64(9);
        int dropped = 0;
        for (int i = 0; i < 10_000; i++)
            dropped += tokenizer.Encode("a", 0.25, ref random).Length - 1;
        Assert.AreEqual(2500, dropped, 5 * Math.Sqrt(10_000 * 0.25 * 0.75)); // five standard deviations
    }

    [TestMethod]
    public void NullIsRefused()
    {
        var random = new SplitMix64(0);
        Assert.ThrowsExactly<ArgumentNullException>(() => _tokenizer.Encode(null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => _tokenizer.Encode(null!, 0.1, ref random));
        Assert.ThrowsExactly<ArgumentNullException>(() => SubwordLearner.Learn(["a", null!], new SubwordOptions()));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _tokenizer.Token(_tokenizer.VocabularySize));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _tokenizer.Token(-1));
    }
}
