using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>Words, characters and whitespace-separated tokens.</summary>
[TestClass]
public sealed class UnitTokenizerTests
{
    [TestMethod]
    public void WordsKeepTheSpaceBeforeThem()
    {
        var tokenizer = Texts.SavedAndLoaded(Texts.Learn(SubwordKind.Word));
        int[] ids = tokenizer.Encode("the cat's rat, on 3.");
        CollectionAssert.AreEqual(new[] { "▁the", "▁cat's", "<unk>", ",", "▁on", "▁3", "." }, ids.Select(tokenizer.Token).ToArray());
        Assert.AreEqual("the cat's \uFFFD, on 3.", tokenizer.Decode(ids));
        foreach (string text in Texts.Corpus)
            Assert.AreEqual(text, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [TestMethod]
    public void WordsOfLiteralMarksAreNoSpaces()
    {
        var tokenizer = SubwordLearner.Learn(["a ▁b \uD800", "a ▁b \uD800"], new SubwordOptions { Kind = SubwordKind.Word });
        Assert.AreEqual("a \uFFFDb \uFFFD", tokenizer.Decode(tokenizer.Encode("a ▁b \uD800")));
    }

    [TestMethod]
    public void CharactersOfTheVocabularyComeBackExactly()
    {
        var tokenizer = Texts.SavedAndLoaded(Texts.Learn(SubwordKind.Character));
        foreach (string text in Texts.Corpus.Append(" the  cat 👍 "))
            Assert.AreEqual(text, tokenizer.Decode(tokenizer.Encode(text)));
        int[] ids = tokenizer.Encode("a 👍Ж\uD83D");
        CollectionAssert.AreEqual(new[] { "a", "▁", "👍", "<unk>", "<unk>" }, ids.Select(tokenizer.Token).ToArray());
        Assert.AreEqual("a 👍\uFFFD\uFFFD", tokenizer.Decode(ids));
    }

    [TestMethod]
    public void WhitespaceSplitsAtSpacesOnly()
    {
        var tokenizer = Texts.SavedAndLoaded(SubwordLearner.Learn(["t͡ʃ iː z", "t͡ʃ iː\tz z"], new SubwordOptions
        {
            Kind = SubwordKind.Whitespace,
            MinimumFrequency = 1,
        }));
        CollectionAssert.AreEqual(new[] { "t͡ʃ", "z", "iː\tz", "<unk>" },
            tokenizer.Encode(" t͡ʃ  z iː\tz x ").Select(tokenizer.Token).ToArray());
        Assert.AreEqual("t͡ʃ z iː\tz \uFFFD", tokenizer.Decode(tokenizer.Encode(" t͡ʃ  z iː\tz x ")));
        Assert.IsEmpty(tokenizer.Encode("   "));
    }

    [TestMethod]
    public void TheMostFrequentAreKept()
    {
        var tokenizer = SubwordLearner.Learn(["c b a a b a d d"], new SubwordOptions
        {
            Kind = SubwordKind.Whitespace,
            MinimumFrequency = 1,
            VocabularySize = 7,
        });
        CollectionAssert.AreEqual(new[] { "a", "b", "d" }, tokenizer.Pieces.ToArray());
    }

    [TestMethod]
    [DataRow(SubwordKind.Word)]
    [DataRow(SubwordKind.Character)]
    [DataRow(SubwordKind.Whitespace)]
    public void AnyTextAndAnyIdsAreServed(SubwordKind kind)
    {
        var tokenizer = Texts.Learn(kind);
        var random = new Random(12);
        var seed = new SplitMix64(12);
        foreach (string text in Texts.Awkward.Concat(Texts.Random(seed: 12, count: 1000)))
        {
            int[] ids = tokenizer.Encode(text);
            Assert.IsTrue(ids.All(id => id >= SpecialTokens.Unknown && id < tokenizer.VocabularySize));
            if (!ids.Contains(SpecialTokens.Unknown) && kind != SubwordKind.Whitespace)
                Assert.AreEqual(text, tokenizer.Decode(ids));
            CollectionAssert.AreEqual(ids, tokenizer.Encode(text, 0.5, ref seed));
            int[] any = [.. Enumerable.Range(0, 20).Select(_ => random.Next(-1, tokenizer.VocabularySize + 1))];
            Assert.IsTrue(Utf16.IsWellFormed(tokenizer.Decode(any)));
        }
    }
}
