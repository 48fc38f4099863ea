using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>Byte-pair encoding gives back any string exactly, and never more than a string.</summary>
[TestClass]
public sealed class LosslessTests
{
    private static readonly SubwordTokenizer _learned = Texts.Learn();
    private static readonly SubwordTokenizer _loaded = Texts.SavedAndLoaded(_learned);
    private static readonly SubwordTokenizer _bytesOnly = SubwordLearner.Learn([], new SubwordOptions());

    public static IEnumerable<object[]> Tokenizers() => [["learned", _learned], ["loaded", _loaded], ["bytes only", _bytesOnly]];

    [TestMethod]
    [DynamicData(nameof(Tokenizers))]
    public void AnyStringComesBack(string name, object tokenizer)
    {
        var subwords = (SubwordTokenizer)tokenizer;
        var random = new SplitMix64(1);
        foreach (string text in Texts.Awkward.Concat(Texts.Corpus).Concat(Texts.Random(seed: 1, count: 5000)))
        {
            int[] ids = subwords.Encode(text);
            AssertSame(text, subwords.Decode(ids), name);
            Assert.IsTrue(ids.All(id => id >= SpecialTokens.FirstText && id < subwords.VocabularySize), $"{name}: a special token");
            AssertSame(text, subwords.Decode(subwords.Encode(text, 0.3, ref random)), $"{name}, dropout");
        }
    }

    [TestMethod]
    public void AnySingleCharacterComesBack()
    {
        for (int unit = 0; unit < 0x10000; unit++)
        {
            string text = $"a {(char)unit}b";
            AssertSame(text, _learned.Decode(_learned.Encode(text)), $"U+{unit:X4}");
        }
    }

    [TestMethod]
    public void SavedAndLoadedEncodesTheSame()
    {
        foreach (string text in Texts.Awkward.Concat(Texts.Random(seed: 2, count: 1000)))
            CollectionAssert.AreEqual(_learned.Encode(text), _loaded.Encode(text));
    }

    [TestMethod]
    public void AnyIdsDecodeToAText()
    {
        var random = new Random(3);
        for (int round = 0; round < 5000; round++)
        {
            int[] ids = new int[random.Next(30)];
            for (int i = 0; i < ids.Length; i++)
                ids[i] = random.Next(3) == 0 ? random.Next(-2, _learned.VocabularySize + 2) : SpecialTokens.FirstText + random.Next(256);
            string text = _learned.Decode(ids);
            // A surrogate without its partner may only come from the three bytes that a text with one is encoded to.
            bool spellsSurrogate = ids.Zip(ids.Skip(1)).Any(pair =>
                pair.First == SpecialTokens.FirstText + 0xED && pair.Second >= SpecialTokens.FirstText + 0xA0);
            Assert.IsTrue(spellsSurrogate || Utf16.IsWellFormed(text), string.Join(" ", ids));
        }
    }

    [TestMethod]
    [DataRow("C3 A9", "é")]
    [DataRow("C3", "\uFFFD")]
    [DataRow("A9", "\uFFFD")]
    [DataRow("A9 A9", "\uFFFD\uFFFD")]
    [DataRow("C3 41", "\uFFFDA")]
    [DataRow("C0 80", "\uFFFD\uFFFD")] // longer than need be
    [DataRow("E0 80 80", "\uFFFD\uFFFD\uFFFD")]
    [DataRow("E2 96", "\uFFFD")] // breaks off
    [DataRow("E2 96 41", "\uFFFDA")]
    [DataRow("E2 96 81", "▁")]
    [DataRow("F0 9F 98 80", "😀")]
    [DataRow("F0 9F 98", "\uFFFD")]
    [DataRow("F4 90 80 80", "\uFFFD\uFFFD\uFFFD\uFFFD")] // beyond Unicode
    [DataRow("FF", "\uFFFD")]
    [DataRow("20 41", " A")]
    public void BrokenBytesBecomeReplacementCharacters(string bytes, string expected)
    {
        int[] ids = [.. bytes.Split(' ').Select(value => SpecialTokens.FirstText + Convert.ToInt32(value, 16))];
        AssertSame(expected, _bytesOnly.Decode(ids), bytes);
    }

    [TestMethod]
    public void SpecialTokensHaveNoText()
    {
        int[] ids = _learned.Encode("the cat");
        int[] dressed = [SpecialTokens.Begin, .. ids, SpecialTokens.End, SpecialTokens.Pad, SpecialTokens.Pad];
        Assert.AreEqual("the cat", _learned.Decode(dressed));
        Assert.AreEqual("\uFFFD", _learned.Decode([SpecialTokens.Unknown]));
        CollectionAssert.AreEqual(new[] { "<pad>", "<s>", "</s>", "<unk>", "<0x00>" },
            Enumerable.Range(0, 5).Select(_learned.Token).ToArray());
    }

    /// <summary>Assert.AreEqual's message can't show lone surrogates.</summary>
    private static void AssertSame(string expected, string actual, string name)
        => Assert.IsTrue(string.Equals(expected, actual, StringComparison.Ordinal),
            $"{name}: {Show(expected)} came back as {Show(actual)}");

    private static string Show(string text) => string.Join(" ", text.Select(unit => $"{(int)unit:X4}"));
}
