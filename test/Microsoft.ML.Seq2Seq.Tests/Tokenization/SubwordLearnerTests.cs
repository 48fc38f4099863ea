using System.Globalization;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>What is learned from which text.</summary>
[TestClass]
public sealed class SubwordLearnerTests
{
    public static IEnumerable<object[]> Kinds() => Enum.GetValues<SubwordKind>().Select(kind => new object[] { kind });

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void TheSameTextGivesTheSameVocabularyInAnyOrderAndCulture(SubwordKind kind)
    {
        string expected = Json(Texts.Learn(kind, options => options.Lowercase = true));
        var culture = CultureInfo.CurrentCulture;
        try
        {
            foreach (string name in new[] { "tr-TR", "ar-SA", "de-DE" })
            {
                CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(name);
                string[] shuffled = [.. Texts.Corpus];
                new Random(name[0]).Shuffle(shuffled);
                var options = new SubwordOptions { Kind = kind, VocabularySize = 700, Lowercase = true };
                Assert.AreEqual(expected, Json(SubwordLearner.Learn(shuffled, options)), name);
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void TheVocabularyIsAsLargeAsAskedOrAsTheTextAllows(SubwordKind kind)
    {
        int smallest = kind == SubwordKind.BytePairEncoding ? 261 : 5;
        foreach (int size in new[] { smallest, smallest + 1, smallest + 20 })
            Assert.AreEqual(size, Texts.Learn(kind, options => options.VocabularySize = size).VocabularySize);
        Assert.IsLessThan(100_000, Texts.Learn(kind, options => options.VocabularySize = 100_000).VocabularySize);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            Texts.Learn(kind, options => options.VocabularySize = smallest - 1));
        Assert.Contains($"VocabularySize is {smallest - 1}; allowed: {smallest} to", error.Message);
    }

    [TestMethod]
    public void NoTextGivesBytesOnly()
    {
        var tokenizer = SubwordLearner.Learn([], new SubwordOptions());
        Assert.AreEqual(261, tokenizer.VocabularySize);
        Assert.HasCount(6, tokenizer.Encode("hello"));
        Assert.AreEqual("hello", Texts.SavedAndLoaded(tokenizer).Decode(tokenizer.Encode("hello")));
    }

    [TestMethod]
    [DataRow(SubwordKind.Word)]
    [DataRow(SubwordKind.Character)]
    [DataRow(SubwordKind.Whitespace)]
    public void OtherKindsNeedText(SubwordKind kind)
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => SubwordLearner.Learn(["x"], new SubwordOptions { Kind = kind }));
        Assert.Contains("nothing that occurs MinimumFrequency (2) times", error.Message);
    }

    [TestMethod]
    public void RareCharactersAndPairsAreNotLearned()
    {
        var tokenizer = SubwordLearner.Learn(["aba aba xy"], new SubwordOptions { MinimumFrequency = 2 });
        CollectionAssert.AreEqual(new[] { "▁", "a", "b" }, tokenizer.Pieces[..3].ToArray());
        Assert.DoesNotContain("x", tokenizer.Pieces.ToArray());
        Assert.HasCount(1, tokenizer.Encode("aba"));
    }

    [TestMethod]
    public void ChineseLeavesRoomForWords()
    {
        var random = new Random(10);
        string[] words = [.. Enumerable.Range(0, 3000).Select(_ => $"{(char)random.Next(0x4E00, 0x9000)}{(char)random.Next(0x4E00, 0x9000)}")];
        var texts = Enumerable.Range(0, 3000).Select(i => $"{words[i]}，{words[random.Next(100)]}");
        var tokenizer = SubwordLearner.Learn(texts, new SubwordOptions { VocabularySize = 1261, MinimumFrequency = 1 });
        Assert.AreEqual(500, tokenizer.Pieces.ToArray().Count(piece => piece.Length == 1) - 1);
        Assert.AreEqual(1261, tokenizer.VocabularySize);
    }

    [TestMethod]
    public void StrayCharactersDontFillTheVocabulary()
    {
        string line = new('e', 100);
        var texts = Enumerable.Repeat(line, 50_000).Concat(["ðð", "ð"]); // three in five million
        Assert.DoesNotContain("ð", SubwordLearner.Learn(texts, new SubwordOptions()).Pieces.ToArray());
        Assert.Contains("ð", SubwordLearner.Learn(texts.Take(1000).Concat(["ðð", "ð"]), new SubwordOptions()).Pieces.ToArray());
    }

    /// <summary>Twenty million characters of different words are counted; then only those that are known already.</summary>
    [TestMethod]
    public void MemoryIsBounded()
    {
        IEnumerable<string> Endless(int words)
        {
            yield return "early";
            for (int i = 0; i < words; i++)
                yield return i.ToString($"D{MarkedText.MaximumWord}", CultureInfo.InvariantCulture);
            yield return "early late late";
        }
        var options = new SubwordOptions { Kind = SubwordKind.Whitespace };
        CollectionAssert.AreEqual(new[] { "early", "late" }, SubwordLearner.Learn(Endless(1000), options).Pieces.ToArray());
        CollectionAssert.AreEqual(new[] { "early" }, SubwordLearner.Learn(Endless(160_000), options).Pieces.ToArray());
    }

    [TestMethod]
    public void PreparationIsPartOfTheVocabulary()
    {
        var tokenizer = Texts.SavedAndLoaded(Texts.Learn(change: options =>
        {
            options.Lowercase = true;
            options.Normalization = TextNormalization.Nfkc;
        }));
        Assert.AreEqual("the cat is über\uD83D.", tokenizer.Decode(tokenizer.Encode("ＴＨＥ Cat is U\u0308BER\uD83D.")));
        Assert.IsTrue(tokenizer.Pieces.ToArray().All(piece => piece == piece.ToLowerInvariant()));
        foreach (string text in Texts.Awkward.Concat(Texts.Random(seed: 11, count: 300)))
        {
            string once = tokenizer.Decode(tokenizer.Encode(text));
            Assert.IsTrue(string.Equals(tokenizer.Preparation.Apply(text), once, StringComparison.Ordinal));
        }
    }

    [TestMethod]
    public void LearningReadsOnceAndCanBeCancelled()
    {
        using var source = new CancellationTokenSource();
        int read = 0;
        IEnumerable<string> Endless()
        {
            while (true)
            {
                if (++read == 1000)
                    source.Cancel();
                yield return "a text";
            }
        }
        Assert.ThrowsExactly<OperationCanceledException>(() => SubwordLearner.Learn(Endless(), new SubwordOptions(), new Cancellation(source.Token)));
        Assert.AreEqual(1000, read);
    }

    [TestMethod]
    public void OptionsOutOfRangeAreNamed()
    {
        (Action<SubwordOptions> Change, string Message)[] table =
        [
            (options => options.Kind = (SubwordKind)9, "Kind is 9; allowed: BytePairEncoding, Word, Character, Whitespace."),
            (options => options.VocabularySize = 260, "VocabularySize is 260; allowed: 261 to 1000000 with Kind BytePairEncoding."),
            (options => options.VocabularySize = 1_000_001, "VocabularySize is 1000001; allowed: 261 to 1000000"),
            (options => options.MinimumFrequency = 0, "MinimumFrequency is 0; allowed: 1 or more."),
            (options => options.Normalization = (TextNormalization)3, "Normalization is 3; allowed: None, Nfc, Nfkc."),
            (options => options.MaximumTokens = 0, "MaximumTokens is 0; allowed: 1 or more."),
            (options => options.OverflowPolicy = (OverflowPolicy)(-1), "OverflowPolicy is -1; allowed: Truncate, Drop, Error."),
            (options => options.Dropout = 1, "Dropout is 1; allowed: 0 or more and less than 1."),
            (options => options.Dropout = double.NaN, "Dropout is NaN; allowed: 0 or more and less than 1."),
            (options => (options.Kind, options.Dropout) = (SubwordKind.Word, 0.1), "Dropout is 0.1; allowed: 0 with Kind Word"),
        ];
        foreach (var (change, message) in table)
        {
            var options = new SubwordOptions();
            change(options);
            Assert.Contains(message, Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate).Message);
        }
        new SubwordOptions().Validate();
    }

    private static string Json(SubwordTokenizer tokenizer)
    {
        using var stream = new MemoryStream();
        tokenizer.Save(stream);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
