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
            CollectionAssert.AreEqual(reference.EncodeToIds(text).ToArray(), tokenizer.Encode(text).Select(id => id - SpecialTokens.FirstText + 1).ToArray(), text);
    }

    [TestMethod]
    public void TokensThatNoTextIsEncodedToHaveNoIds()
    {
        string[] controls = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "madeupword0000"];
        string[] bytes = [.. ByteLevel.Characters.Select(sign => sign.ToString()), .. _merges.Select(merge => merge.Replace(" ", ""))];
        string[] words = ["t", "h", "e", "e</w>", "th", "😀", "😀</w>"];
        AssertPieces(bytes, controls, string.Join('\n', _merges));
        AssertPieces(words, controls, "t h");
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
    [DataRow("हिन्दी")]
    [DataRow("தமிழ் မြန်မာ")]
    [DataRow("می\u200Cخواهم")]
    [DataRow("cafe\u0301 Ⅷ ⓐb _x")]
    [DataRow("𠮷野家 𝐀b𝟏 𑀅𑀺a")]
    [DataRow("😀😀 ! 😀")]
    public void WordsOfAnyScriptStayWhole(string text)
    {
        var tokenizer = Json(SuffixJson("""{ "type": "Whitespace" }""", text.EnumerateRunes().SelectMany(sign => new[] { $"{sign}", $"{sign}</w>" })));
        Assert.AreEqual(text, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [TestMethod]
    public void WhatAPatternDoesNotMatchIsAWordToo()
    {
        var tokenizer = Json(SuffixJson(
            $$"""{ "type": "Sequence", "pretokenizers": [{{Split("l")}}, { "type": "WhitespaceSplit" }] }""", ["l", "l</w>", "o", "w</w>", "ow</w>"], "o w</w>"));
        Assert.AreEqual("l</w> ow</w> ow</w> l</w>", Tokens(tokenizer, " low ow l"));
    }

    [TestMethod]
    [DataRow(@"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+", "x😀y", "x 😀 y")]
    [DataRow(@"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+", "𐐀t he", "𐐀t Ġ he")]
    [DataRow(".", "x😀t he", "x 😀 t Ġ h e")]
    [DataRow(@"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+", "😀t he!😀", "😀t Ġ he ! 😀")]
    [DataRow(@"\p{S}+", "t😀😀t", "t 😀 😀 t")]
    public void CharactersOutsideTheBasicPlaneAreNotCut(string pattern, string text, string pieces)
    {
        var tokenizer = Json(ByteLevelJson(root =>
        {
            root["pre_tokenizer"] = JsonNode.Parse($$"""{ "type": "Sequence", "pretokenizers": [{{Split(pattern)}}, { "type": "ByteLevel", "use_regex": false }] }""");
            var model = root["model"]!;
            foreach (string merge in new[] { "ð Ł", "ðŁ ĺ", "ðŁĺ Ģ", "ðŁĺĢ t", "ð Ĳ", "ðĲ Ĳ", "ðĲĲ Ģ", "ðĲĲĢ t" })
            {
                model["merges"]!.AsArray().Add(merge);
                model["vocab"]![merge.Replace(" ", "")] = model["vocab"]!.AsObject().Count;
            }
        }));
        Assert.AreEqual(pieces.Replace("😀", "ðŁĺĢ").Replace("𐐀", "ðĲĲĢ"), Tokens(tokenizer, text));
        Assert.AreEqual(text, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [TestMethod]
    [DataRow("WhitespaceSplit", "the\t cat 12", "Ġthe Ġcat Ġ 12", "the cat 12")]
    [DataRow("WhitespaceSplit", " cat's", "Ġcat ' s", "cat's")]
    [DataRow("Whitespace", "the cat's ", "Ġthe Ġcat Ġ ' Ġ s", "the cat ' s")]
    [DataRow("WhitespaceSplit", "x the{name}the  cat", "Ġ x Ġthe {name} Ġthe Ġcat", "x the{name} the cat")]
    [DataRow("WhitespaceSplit", " \n", "", "")]
    public void WordsWithoutWhiteSpaceBeginWithASpace(string step, string text, string pieces, string back)
    {
        var tokenizer = Json(ByteLevelJson(root => root["pre_tokenizer"] = JsonNode.Parse(
            $$"""{ "type": "Sequence", "pretokenizers": [{ "type": "{{step}}" }, { "type": "ByteLevel", "add_prefix_space": true }] }""")), "{name}");
        Assert.AreEqual(pieces, Tokens(tokenizer, text));
        Assert.AreEqual(back, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [TestMethod]
    public void AByteOrderMarkIsSkipped()
    {
        Assert.AreEqual("Ġthe", Tokens(Json('\uFEFF' + ByteLevelJson()), " the"));
        Assert.AreEqual("Ġthe", Tokens(Pair('\uFEFF' + _vocabulary, '\uFEFF' + string.Join("\r\n", _merges)), " the"));
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
        Assert.AreEqual("the cat", tokenizer.Prepare("ＴＨＥ Cat"));
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
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [] }, "pre_tokenizer": { "type": "Split", "pattern": { "Regex": "[😀]" }, "behavior": "Isolated" } }""", "\"[😀]\" names characters outside the basic plane")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [] }, "pre_tokenizer": { "type": "Sequence", "pretokenizers": [{ "type": "Whitespace" }, { "type": "ByteLevel" }] } }""", "can't be joined to text: its pre_tokenizer leaves out white space")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0 }, "merges": [] }, "pre_tokenizer": { "type": "Sequence", "pretokenizers": [{ "type": "ByteLevel" }, { "type": "WhitespaceSplit" }] } }""", "step WhitespaceSplit")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0, "aa": 1 }, "merges": ["a a", null] } }""", "merge 1 is null; allowed: a text, or two in an array")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0, "aa": 1 }, "merges": ["a a", 3] } }""", "merge 1 is 3; ")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0, "aa": 1 }, "merges": ["a a", ["a", null]] } }""", "merge 1 is [\"a\", null]; ")]
    [DataRow("""{ "model": { "type": "BPE", "vocab": { "a": 0, "aa": 1 }, "merges": ["a a", ["a", "a"]] } }""", "merge 1, \"a a\", occurs twice")]
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

    private static string SuffixJson(string preTokenizer, IEnumerable<string> pieces, params string[] merges) => new JsonObject
    {
        ["pre_tokenizer"] = JsonNode.Parse(preTokenizer),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["vocab"] = JsonSerializer.SerializeToNode(Numbered(pieces.Prepend("<unk>").Distinct())),
            ["merges"] = JsonSerializer.SerializeToNode(merges),
            ["unk_token"] = "<unk>",
            ["end_of_word_suffix"] = "</w>",
        },
    }.ToJsonString();

    private static string Split(string pattern) =>
        $$"""{ "type": "Split", "pattern": { "Regex": {{JsonSerializer.Serialize(pattern)}} }, "behavior": "Isolated" }""";

    private static void AssertPieces(string[] expected, string[] controls, string merges)
    {
        var tokenizer = Pair(JsonSerializer.Serialize(Numbered([.. controls, .. expected])), merges);
        CollectionAssert.AreEqual(expected, tokenizer.Pieces.ToArray());
        foreach (string control in controls)
            Assert.IsGreaterThan(1, tokenizer.Encode(control).Length, control);
    }

    private static Dictionary<string, int> Numbered(IEnumerable<string> pieces) =>
        pieces.Select((piece, number) => (piece, number)).ToDictionary(one => one.piece, one => one.number);

    private static SubwordTokenizer Pair(string vocabulary, string merges) =>
        new ImportedFiles([("vocab.json", Encoding.UTF8.GetBytes(vocabulary)), ("merges.txt", Encoding.UTF8.GetBytes(merges))]).Open(default, []);

    private static SubwordTokenizer Json(string content, params string[] symbols) =>
        new ImportedFiles([("tokenizer.json", Encoding.UTF8.GetBytes(content))]).Open(default, symbols);

    private static string Tokens(SubwordTokenizer tokenizer, string text) => string.Join(' ', tokenizer.Encode(text).Select(tokenizer.Token));
}
