using System.Text;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>Damaged vocabularies are refused by name, and nothing else happens.</summary>
[TestClass]
public sealed class VocabularyFileTests
{
    private const string Good = """
        { "format": "seq2seq-vocabulary", "version": 1, "kind": "BytePairEncoding", "lowercase": false,
          "normalization": "None", "pieces": ["▁", "a", "b"], "merges": ["a b", "▁ ab"] }
        """;

    private const string Characters = """
        { "format": "seq2seq-vocabulary", "version": 1, "kind": "Character", "lowercase": false,
          "normalization": "None", "pieces": [" ", "a"] }
        """;

    [TestMethod]
    public void TheFormatIsStable()
    {
        var tokenizer = Load(Good);
        CollectionAssert.AreEqual(new[] { 264, 262, SpecialTokens.FirstText + 'c' }, tokenizer.Encode("abbc"));
        CollectionAssert.AreEqual(new[] { 5, 4 }, Load(Characters).Encode("a "));
    }

    [TestMethod]
    [DataRow("\"seq2seq-vocabulary\"", "\"other\"", "its format is \"other\"")]
    [DataRow("\"format\"", "\"Format\"", "\"format\" is missing")]
    [DataRow("\"version\": 1", "\"version\": 4", "its version is 4; this library reads 1 to 3")]
    [DataRow("\"version\": 1", "\"version\": 0", "its version is 0")]
    [DataRow("\"pieces\"", "\"symbols\": 1, \"pieces\"", "\"symbols\" is a JSON Number, not Array")]
    [DataRow("\"pieces\"", "\"symbols\": [1], \"pieces\"", "symbol 0 is a JSON Number, not a string")]
    [DataRow("\"pieces\"", "\"symbols\": [\"a \"], \"pieces\"", "symbol \"a \" begins or ends with white space")]
    [DataRow("\"pieces\"", "\"imported\": 1, \"pieces\"", "\"imported\" is a JSON Number, not Object")]
    [DataRow("\"pieces\"", "\"imported\": { \"a\": \"?\" }, \"pieces\"", "\"a\" is not base64")]
    [DataRow("\"pieces\"", "\"imported\": { \"vocab.json\": \"e30=\", \"merges.txt\": \"\" }, \"pieces\"", "it is of version 1, which gave the pieces of 'vocab.json' other ids")]
    [DataRow("\"version\": 1", "\"version\": 1.5", "its version is 1.5")]
    [DataRow("\"version\": 1", "\"version\": \"1\"", "\"version\" is a JSON String")]
    [DataRow("BytePairEncoding", "bytePairEncoding", "\"kind\" is \"bytePairEncoding\"; allowed: BytePairEncoding, Word")]
    [DataRow("\"BytePairEncoding\"", "0", "kind is a JSON Number")]
    [DataRow("\"BytePairEncoding\"", "\"0\"", "\"kind\" is \"0\"")]
    [DataRow("false", "\"no\"", "\"lowercase\" is neither true nor false")]
    [DataRow("\"lowercase\": false,", "", "\"lowercase\" is missing")]
    [DataRow("\"None\"", "\"Nfz\"", "\"normalization\" is \"Nfz\"; allowed: None, Nfc, Nfkc")]
    [DataRow("\"version\": 1", "\"version\": 1, \"version\": 1", "it is not JSON")]
    [DataRow("[\"▁\", \"a\", \"b\"]", "{}", "\"pieces\" is a JSON Object, not Array")]
    [DataRow("[\"▁\", \"a\", \"b\"]", "[]", "\"pieces\" is empty")]
    [DataRow("\"a\",", "7,", "piece 1 is a JSON Number, not a string")]
    [DataRow("\"a\",", "null,", "piece 1 is a JSON Null, not a string")]
    [DataRow("\"a\",", "\"\",", "piece 1 has 0 characters")]
    [DataRow("\"a\",", "[[[\"a\"]]],", "it is not JSON")]
    [DataRow("\"a\",", "\"b\",", "piece 2, \"b\", occurs twice")]
    [DataRow("\"a\",", "\" \",", "piece 1, \" \", has a space")]
    [DataRow("\"a\",", "\"ab\",", "piece 1, \"ab\", is more than a character")]
    [DataRow("\"a\",", "", "merge 0, \"a b\", is of what is no piece before it")]
    [DataRow("\"a\",", "\"\\uD800\",", "piece 1 is no valid Unicode")]
    [DataRow("\"a\",", "\"\\uDC41\",", "piece 1 is no valid Unicode")]
    [DataRow("\"▁\", ", "", "piece 0 is \"a\", not \"▁\"")]
    [DataRow("\"a b\",", "\"a c\",", "merge 0, \"a c\", is of what is no piece before it")]
    [DataRow("\"a b\",", "\"ab\",", "merge 0, \"ab\", is not two pieces")]
    [DataRow("\"a b\",", "\"a b \",", "merge 0, \"a b \", is not two pieces")]
    [DataRow("\"a b\",", "\"a b\", \"a b\",", "merge 1, \"a b\", makes a piece that exists")]
    [DataRow("\"a b\",", "", "merge 0, \"▁ ab\", is of what is no piece before it")]
    [DataRow("\"a b\",", "3,", "merge 0 is a JSON Number")]
    [DataRow(", \"merges\": [\"a b\", \"▁ ab\"]", "", "\"merges\" is missing")]
    public void DamageIsNamed(string good, string bad, string message)
    {
        Assert.Contains(good, Good, "the row tests nothing");
        var error = Assert.ThrowsExactly<InvalidDataException>(() => Load(Good.Replace(good, bad)));
        Assert.Contains(message, error.Message);
        Assert.StartsWith("The vocabulary is damaged: ", error.Message);
    }

    [TestMethod]
    public void ACharacterIsOne()
        => Assert.Contains("piece 1, \"aa\", is more than a character",
            Assert.ThrowsExactly<InvalidDataException>(() => Load(Characters.Replace("\"a\"", "\"aa\""))).Message);

    [TestMethod]
    [DataRow("")]
    [DataRow("[]")]
    [DataRow("null")]
    [DataRow("\0\0\0\0")]
    [DataRow("PK\u0003\u0004")]
    public void ForeignContentIsRefused(string content) => Assert.ThrowsExactly<InvalidDataException>(() => Load(content));

    [TestMethod]
    public void AbsurdSizesAreRefused()
    {
        string longPiece = Good.Replace("\"a\",", $"\"{new string('a', 129)}\",");
        Assert.Contains("piece 1 has 129 characters; allowed: 1 to 128",
            Assert.ThrowsExactly<InvalidDataException>(() => Load(longPiece)).Message);
        string grown = "a a"; // doubles eight times
        for (string piece = "aa"; piece.Length < 256; piece += piece)
            grown += $"\", \"{piece} {piece}";
        Assert.Contains("makes a piece of 256 characters; allowed: up to 128",
            Assert.ThrowsExactly<InvalidDataException>(() => Load(Good.Replace("▁ ab", grown))).Message);
        string many = Good.Replace("\"a\",", string.Concat(Enumerable.Repeat("\"a\",", 1_000_001)));
        Assert.Contains("\"pieces\" has 1000003 entries; allowed: up to 1000000",
            Assert.ThrowsExactly<InvalidDataException>(() => Load(many)).Message);
    }

    /// <summary>Every truncation is refused; a changed byte is refused or leaves a vocabulary that works.</summary>
    [TestMethod]
    [DataRow(Good)]
    [DataRow(Characters)]
    public void AnyDamageIsSurvived(string content)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(content);
        int end = Array.LastIndexOf(bytes, (byte)'}');
        for (int length = 0; length <= end; length++)
            Assert.ThrowsExactly<InvalidDataException>(() => SubwordTokenizer.Load(new MemoryStream(bytes, 0, length)));
        for (int i = 0; i < bytes.Length; i++)
        {
            for (int change = 1; change < 256; change++)
            {
                byte[] changed = [.. bytes];
                changed[i] ^= (byte)change;
                try
                {
                    var tokenizer = SubwordTokenizer.Load(new MemoryStream(changed));
                    string text = tokenizer.Decode(tokenizer.Encode("ab ba \uD800"));
                    if (tokenizer.Kind == SubwordKind.BytePairEncoding && !tokenizer.Preparation.Lowercase)
                        Assert.IsTrue(string.Equals("ab ba \uD800", text, StringComparison.Ordinal));
                }
                catch (InvalidDataException)
                {
                    // refused
                }
            }
        }
    }

    private static SubwordTokenizer Load(string content) => SubwordTokenizer.Load(new MemoryStream(Encoding.UTF8.GetBytes(content)));
}
