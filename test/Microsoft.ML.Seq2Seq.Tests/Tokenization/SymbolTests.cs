using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>Symbols of the user's are one token each, and come back.</summary>
[TestClass]
public sealed class SymbolTests
{
    private static readonly string[] _symbols = ["<2de>", "{name}", "<sep>", "<sep><sep>", "New York", "☃☃", "the", "."];

    [TestMethod]
    [DataRow(SubwordKind.BytePairEncoding, "<2de>the {name}, x<sep>y", "<2de> the ▁ {name} , ▁ x <sep> y")]
    [DataRow(SubwordKind.Word, "<2de> cat the{name}", "<2de> ▁cat ▁ the {name}")]
    [DataRow(SubwordKind.Character, "<2de>a<sep>", "<2de> a <sep>")]
    [DataRow(SubwordKind.Whitespace, "<2de> the cat <sep>", "<2de> the cat <sep>")]
    public void ASymbolIsOneToken(SubwordKind kind, string text, string tokens)
    {
        var tokenizer = Learn(kind);
        Assert.AreEqual(tokens, Tokens(tokenizer, text));
        int[] ids = tokenizer.Encode("<2de>");
        Assert.AreEqual(tokenizer.VocabularySize - _symbols.Length, ids.Single());
        Assert.AreEqual("<2de>", tokenizer.Decode(ids));
    }

    [TestMethod]
    [DataRow(SubwordKind.BytePairEncoding)]
    [DataRow(SubwordKind.Character)]
    public void TextsWithSymbolsComeBack(SubwordKind kind)
    {
        var tokenizer = Learn(kind);
        var loaded = Texts.SavedAndLoaded(tokenizer);
        var random = new Random(1);
        var seed = new SplitMix64(1);
        string[] texts = kind == SubwordKind.Character ? ["", "a", " ", "cat "] : [.. Texts.Awkward, .. Texts.Random(seed: 1, count: 300)];
        for (int round = 0; round < 2000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ =>
                random.Next(2) == 0 ? _symbols[random.Next(_symbols.Length)] : texts[random.Next(texts.Length)]));
            int[] ids = tokenizer.Encode(text);
            Assert.IsTrue(string.Equals(text, tokenizer.Decode(ids), StringComparison.Ordinal), string.Join(' ', ids.Select(tokenizer.Token)));
            CollectionAssert.AreEqual(ids, loaded.Encode(text));
            Assert.IsTrue(string.Equals(text, loaded.Decode(tokenizer.Encode(text, 0.3, ref seed)), StringComparison.Ordinal));
            Assert.IsTrue(ids.All(id => id >= SpecialTokens.FirstText));
        }
    }

    [TestMethod]
    public void TheLongestIsTaken()
    {
        var tokenizer = Learn(SubwordKind.BytePairEncoding);
        Assert.AreEqual("<sep><sep> <sep>", Tokens(tokenizer, "<sep><sep><sep>"));
        Assert.AreEqual("New▁York ▁ New▁York", Tokens(tokenizer, "New York New York"));
    }

    [TestMethod]
    public void NothingIsMergedAcrossAndNoPieceHoldsOne()
    {
        string[] texts = [.. Enumerable.Repeat("ab<sep>ab", 50)];
        var tokenizer = SubwordLearner.Learn(texts, new SubwordOptions { Symbols = ["<sep>"] });
        Assert.IsFalse(tokenizer.Pieces.ToArray().Any(piece => piece.AsSpan().ContainsAny("<>sep")));
        Assert.AreEqual("▁ab <sep> ab", Tokens(tokenizer, "ab<sep>ab"));
    }

    [TestMethod]
    public void WhitespaceTokensThatHoldASymbolAreTokensOfTheirOwn()
    {
        var tokenizer = SubwordLearner.Learn(["x<sep> <sep> y"], new SubwordOptions { Kind = SubwordKind.Whitespace, MinimumFrequency = 1, Symbols = ["<sep>"] });
        Assert.AreEqual("x<sep> <sep> y", Tokens(tokenizer, "x<sep> <sep> y"));
        Assert.AreEqual("<sep> <unk>", Tokens(tokenizer, "<sep> <sep><sep>"));
    }

    [TestMethod]
    public void PreparationLeavesSymbolsAlone()
    {
        var tokenizer = SubwordLearner.Learn(["A <2DE> A"], new SubwordOptions { Lowercase = true, Normalization = TextNormalization.Nfkc, Symbols = ["<2DE>", "Ａ"] });
        Assert.AreEqual("a <2DE> <2de>Ａ", tokenizer.Decode(tokenizer.Encode("A <2DE> <2de>Ａ")));
    }

    [TestMethod]
    public void TheSpellingOfASpecialTokenIsText()
    {
        foreach (var kind in Enum.GetValues<SubwordKind>())
        {
            var tokenizer = Learn(kind);
            foreach (string name in SpecialTokens.Names)
            {
                foreach (int id in tokenizer.Encode($"the {name} cat{name}"))
                    Assert.IsGreaterThanOrEqualTo(kind == SubwordKind.BytePairEncoding ? SpecialTokens.FirstText : SpecialTokens.Unknown, id);
            }
        }
    }

    [TestMethod]
    public void SymbolsTakePlacesOfTheVocabulary()
    {
        foreach (var kind in Enum.GetValues<SubwordKind>())
        {
            int smallest = (kind == SubwordKind.BytePairEncoding ? 261 : 5) + _symbols.Length;
            Assert.AreEqual(smallest, Texts.Learn(kind, options => (options.VocabularySize, options.Symbols) = (smallest, _symbols)).VocabularySize);
            string message = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
                () => Texts.Learn(kind, options => (options.VocabularySize, options.Symbols) = (smallest - 1, _symbols))).Message;
            Assert.Contains($"allowed: {smallest} to", message);
            Assert.Contains("8 Symbols", message);
        }
    }

    [TestMethod]
    public void SymbolsAloneAreAVocabulary()
    {
        var tokenizer = Texts.SavedAndLoaded(SubwordLearner.Learn(["x"], new SubwordOptions { Kind = SubwordKind.Word, Symbols = ["<2de>"] }));
        Assert.AreEqual("<2de> <unk>", Tokens(tokenizer, "<2de>x"));
    }

    [TestMethod]
    [DataRow("", "is empty")]
    [DataRow(null, "is empty")]
    [DataRow(" a", "begins or ends with white space")]
    [DataRow("a\t", "begins or ends with white space")]
    [DataRow("a▁b", "the mark of a space")]
    [DataRow("<s>", "a special token")]
    [DataRow("<2de>", "occurs twice")]
    public void BadSymbolsAreNamed(string? symbol, string fault)
    {
        string message = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new SubwordOptions { Symbols = ["<2de>", symbol!] }.Validate()).Message;
        Assert.StartsWith("Symbols is", message);
        Assert.Contains(fault, message);
    }

    [TestMethod] // an attribute can't hold the half of a pair
    public void HalfAPairIsNoSymbol() => BadSymbolsAreNamed("\uD83D", "no valid Unicode");

    [TestMethod]
    public void OptionsAreCopied()
    {
        string[] symbols = ["<a>"];
        var copy = new SubwordOptions { Symbols = symbols }.Clone();
        symbols[0] = "";
        Assert.AreEqual("<a>", copy.Symbols.Single());
        Assert.ThrowsExactly<ArgumentNullException>(() => new SubwordOptions { Symbols = null! }.Validate());
    }

    private static SubwordTokenizer Learn(SubwordKind kind) => Texts.Learn(kind, options => options.Symbols = _symbols);

    private static string Tokens(SubwordTokenizer tokenizer, string text) => string.Join(' ', tokenizer.Encode(text).Select(tokenizer.Token));
}
