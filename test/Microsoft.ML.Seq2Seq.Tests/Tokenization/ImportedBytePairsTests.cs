using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary><c>vocab.json</c> with <c>merges.txt</c>, and <c>tokenizer.json</c>.</summary>
[TestClass]
public sealed class ImportedBytePairsTests
{
    private static readonly string[] _merges = ["Ġ t", "h e", "Ġt he", "a t", "Ġ c", "Ġc at", "Ã Ł", "1 2"];

    /// <summary>Byte-level, as GPT-2's; a control token first.</summary>
    private static readonly string _vocabulary = JsonSerializer.Serialize(Numbered(
        ["<|endoftext|>", .. ByteLevel.Characters.Select(sign => sign.ToString()), .. _merges.Select(merge => merge.Replace(" ", ""))]));

    private const string Words = """{ "<unk>": 0, "l": 1, "o": 2, "w": 3, "e": 4, "r": 5, "w</w>": 6, "r</w>": 7, "lo": 8, "low</w>": 9, "er</w>": 10, "low": 11 }""";

    private const string WordMerges = "#version: 0.2\nl o\nlo w</w>\ne r</w>\nlo w\n";

    [TestMethod]
    [DataRow("the cat", "t he Ġcat")]
    [DataRow(" the the", "Ġthe Ġthe")]
    [DataRow("that", "t h at")]
    [DataRow("ß 12 3", "ÃŁ Ġ 12 Ġ 3")]
    [DataRow("cat's  at", "c at ' s Ġ Ġ at")]
    public void MergesAreThoseMadeByHand(string text, string pieces)
    {
        var tokenizer = Pair(_vocabulary, string.Join('\n', _merges));
        Assert.AreEqual(pieces, Tokens(tokenizer, text));
        Assert.AreEqual(pieces, Tokens(Texts.SavedAndLoaded(tokenizer), text));
        Assert.AreEqual(pieces, Tokens(Json(ByteLevelJson()), text));
    }

    [TestMethod]
    public void IdsEqualThoseOfMicrosoftMLTokenizers()
    {
        using var vocabulary = new MemoryStream(Encoding.UTF8.GetBytes(_vocabulary));
        using var merges = new MemoryStream(Encoding.UTF8.GetBytes("#version: 0.2\n" + string.Join('\n', _merges)));
        var reference = CodeGenTokenizer.Create(vocabulary, merges);
        var tokenizer = Pair(_vocabulary, string.Join('\n', _merges));
        // It has tokens of its own for runs of spaces and tabs, whatever is in the vocabulary.
        foreach (string text in Texts.Corpus.Concat(["the cat, that cat", " the\n\n12 ", "don't we'll"]).Where(text => !text.Contains("  ") && !text.Contains('\t')))
            CollectionAssert.AreEqual(reference.EncodeToIds(text).ToArray(), tokenizer.Encode(text).Select(id => id - SpecialTokens.FirstText).ToArray(), text);
    }

    [TestMethod]
    public void BytesGiveBackAnyWellFormedText()
    {
        foreach (var tokenizer in new[] { Pair(_vocabulary, string.Join('\n', _merges)), Json(ByteLevelJson()) })
        {
            foreach (string text in Texts.Awkward.Concat(Texts.Random(seed: 23, count: 500)).Where(text => Utf16.IsWellFormed(text)))
                Assert.IsTrue(string.Equals(text, tokenizer.Decode(tokenizer.Encode(text)), StringComparison.Ordinal), text);
        }
    }

    [TestMethod]
    public void WordsWithASuffixAreJoinedBySpaces()
    {
        var tokenizer = Texts.SavedAndLoaded(Pair(Words, WordMerges));
        Assert.AreEqual("low</w> low er</w> <unk> w</w>", Tokens(tokenizer, " low  lower xw"));
        Assert.AreEqual("low lower \uFFFDw", tokenizer.Decode(tokenizer.Encode(" low  lower xw")));
        var ids = tokenizer.Encode("low");
        Assert.AreEqual("low low", tokenizer.Decode([.. ids, .. ids]));
        Assert.AreEqual("low", tokenizer.Decode(ids));
    }

    [TestMethod]
    public void AddedTokensAreSymbolsOrHaveNoId()
    {
        var tokenizer = Json(ByteLevelJson(root => root["added_tokens"] = JsonNode.Parse(
            """[{ "id": 0, "content": "<|endoftext|>", "special": true }, { "id": 265, "content": "<tool>", "special": false }]""")), "{name}");
        Assert.AreEqual(SpecialTokens.FirstText + 256 + _merges.Length + 2, tokenizer.VocabularySize);
        Assert.AreEqual("<tool> c at {name}", Tokens(tokenizer, "<tool>cat{name}"));
        Assert.AreEqual("<|endoftext|>", tokenizer.Decode(tokenizer.Encode("<|endoftext|>")));
        Assert.IsGreaterThan(1, tokenizer.Encode("<|endoftext|>").Length);
    }

    [TestMethod]
    public void NormalizerPrefixAndPatternsAreFollowed()
    {
        var tokenizer = Json(ByteLevelJson(root =>
        {
            root["normalizer"] = JsonNode.Parse("""{ "type": "Sequence", "normalizers": [{ "type": "NFKC" }, { "type": "Lowercase" }] }""");
            root["pre_tokenizer"] = JsonNode.Parse(
                """{ "type": "Sequence", "pretokenizers": [{ "type": "Split", "pattern": { "Regex": "\\p{N}" }, "behavior": "Isolated", "invert": false }, { "type": "ByteLevel", "add_prefix_space": true, "use_regex": false }] }""");
        }));
        Assert.AreEqual("Ġthe Ġcat Ġ 1 2", Tokens(tokenizer, "ＴＨＥ Cat 12"));
        Assert.AreEqual("the cat 12", tokenizer.Decode(tokenizer.Encode("ＴＨＥ Cat 12")));
    }

    [TestMethod]
    public void MergesMayBePairs()
    {
        var tokenizer = Json(ByteLevelJson(root => root["model"]!["merges"] = new JsonArray([.. _merges.Select(merge => new JsonArray([.. merge.Split(' ').Select(part => JsonValue.Create(part))]))])));
        Assert.AreEqual("Ġthe Ġcat", Tokens(tokenizer, " the cat"));
    }

    [TestMethod]
    [DataRow("""{ "a": 0 }""", "give its merges.txt as MergesFile")]
    [DataRow("""{ "model": { "type": "WordPiece", "vocab": {} } }""", "type WordPiece; allowed: BPE")]
    [DataRow("""{ "model": { "type": "BPE", "byte_fallback": true } }""", "import the SentencePiece model")]
    [DataRow("""{ "model": { "type": "BPE", "continuing_subword_prefix": "##" } }""", "continuing_subword_prefix")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": [] } }""", "its vocabulary is no JSON object")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0, "b": 0 } } }""", "\"b\" is empty, or it or its number 0 occurs twice")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": "x" } } }""", "the number of piece \"a\"")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": ["a b"] } }""", "merge 0, \"a b\"")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [] } }""", "can't be joined")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0 } } }""", "no array of merges")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [] }, "pre_tokenizer": { "type": "Metaspace" } }""", "step Metaspace")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [] }, "normalizer": { "type": "Nmt" } }""", "step Nmt")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [] }, "pre_tokenizer": { "type": "ByteLevel" } }""", "neither a piece for each byte nor an unknown token")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [], "unk_token": "?" }, "pre_tokenizer": { "type": "ByteLevel" } }""", "unknown token \"?\" is no piece")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [] }, "pre_tokenizer": { "type": "Split", "pattern": { "Regex": "(" }, "behavior": "Isolated" } }""", "Invalid pattern")]
    [DataRow("{ \"model\": ", "it is not JSON")]
    [DataRow("PK\u0003\u0004", "neither JSON nor a SentencePiece model")]
    [DataRow("", "neither JSON nor a SentencePiece model")]
    public void BadFilesAreNamed(string content, string reason)
    {
        string message = Assert.ThrowsExactly<InvalidDataException>(() => Json(content)).Message;
        Assert.StartsWith("The vocabulary file 'tokenizer.json' can't be imported: ", message);
        Assert.Contains(reason, message);
    }

    [TestMethod]
    [DataRow("{}", "", "neither a piece for each byte")]
    [DataRow("[]", "", "no JSON object")]
    [DataRow(Words, "l o w", "merge 0, \"l o w\"")]
    [DataRow("""{ "w</w>": 0 }""", "", "no unknown token")]
    public void BadPairsOfFilesAreNamed(string vocabulary, string merges, string reason) =>
        Assert.Contains(reason, Assert.ThrowsExactly<InvalidDataException>(() => Pair(vocabulary, merges)).Message);

    private static string ByteLevelJson(Action<JsonNode>? change = null)
    {
        var root = new JsonObject
        {
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = null,
            ["pre_tokenizer"] = JsonNode.Parse("""{ "type": "ByteLevel", "add_prefix_space": false, "use_regex": true }"""),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = JsonNode.Parse(_vocabulary),
                ["merges"] = new JsonArray([.. _merges.Select(merge => JsonValue.Create(merge))]),
            },
        };
        change?.Invoke(root);
        return root.ToJsonString();
    }

    private static Dictionary<string, int> Numbered(IEnumerable<string> pieces) =>
        pieces.Select((piece, number) => (piece, number)).ToDictionary(one => one.piece, one => one.number);

    private static SubwordTokenizer Pair(string vocabulary, string merges) =>
        new ImportedFiles([("vocab.json", Encoding.UTF8.GetBytes(vocabulary)), ("merges.txt", Encoding.UTF8.GetBytes(merges))]).Open(default, []);

    private static SubwordTokenizer Json(string content, params string[] symbols) =>
        new ImportedFiles([("tokenizer.json", Encoding.UTF8.GetBytes(content))]).Open(default, symbols);

    private static string Tokens(SubwordTokenizer tokenizer, string text) => string.Join(' ', tokenizer.Encode(text).Select(tokenizer.Token));
}
