using System.Text;
using System.Text.Json;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>
/// A byte-pair encoding in the formats of Hugging Face's libraries: <c>tokenizer.json</c>, or <c>vocab.json</c> with
/// <c>merges.txt</c>. Two families can be joined back to text and are read: byte-level pieces (GPT-2, RoBERTa, BART,
/// Llama 3 …), and words with a suffix at their end, split at white space.
/// </summary>
internal sealed class BytePairFiles
{
    private const string Suffix = "</w>";

    private readonly HashSet<string> _distinctMerges = [];

    public Dictionary<string, int> Vocabulary { get; } = [];

    /// <summary>Two pieces with a space between them.</summary>
    public List<string> Merges { get; } = [];

    /// <summary>The piece that stands for what is outside the vocabulary; null: everything is inside.</summary>
    public string? Unknown { get; private set; }

    public bool FuseUnknown { get; private set; }

    /// <summary>Ends the last piece of a word; null: pieces are of bytes.</summary>
    public string? EndOfWord { get; private set; }

    /// <summary>Whether a text is encoded as if a space were before it.</summary>
    public bool AddPrefixSpace { get; private set; }

    /// <summary>Words whose white space is left out: each is encoded as if a space were before it. None: white space is text
    /// like any other.</summary>
    public List<WordPattern> SpacedWords { get; } = [];

    /// <summary>Words of the text, or of spaced words: each splits what the one before it left whole.</summary>
    public List<WordPattern> Words { get; } = [];

    /// <summary>Done to a text first.</summary>
    public TextPreparation Preparation { get; private set; }

    /// <summary>Pieces that are never split.</summary>
    public List<string> Symbols { get; } = [];

    /// <summary>Pieces that no text is encoded to.</summary>
    public HashSet<string> Controls { get; } = [];

    /// <summary>Reads <c>vocab.json</c> and <c>merges.txt</c>, which don't tell their family: pieces that end in
    /// <c>&lt;/w&gt;</c> give it away.</summary>
    /// <exception cref="InvalidDataException">The content makes no sense.</exception>
    /// <exception cref="JsonException">The vocabulary is not JSON.</exception>
    public static BytePairFiles Read(byte[] vocabulary, byte[] merges)
    {
        var file = new BytePairFiles();
        using var document = Parse(vocabulary);
        file.ReadVocabulary(document.RootElement);
        foreach (string line in Encoding.UTF8.GetString(merges).Split('\n'))
        {
            string merge = line.TrimEnd('\r').TrimStart('\uFEFF');
            if (merge.Length > 0 && !(file.Merges.Count == 0 && merge.StartsWith("#version", StringComparison.Ordinal)))
                file.AddMerge(merge);
        }
        file.EndOfWord = file.Vocabulary.Keys.Any(piece => piece.EndsWith(Suffix, StringComparison.Ordinal)) ? Suffix : null;
        file.Unknown = file.Vocabulary.ContainsKey("<unk>") ? "<unk>" : null;
        file.Words.Add(file.EndOfWord is null ? WordPattern.ByteLevel : WordPattern.NotSpace);
        file.FindControls();
        file.Check();
        return file;
    }

    /// <summary>Reads <c>tokenizer.json</c>.</summary>
    /// <exception cref="InvalidDataException">The content makes no sense, or is of a family that can't be read.</exception>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static BytePairFiles Read(byte[] tokenizer)
    {
        var file = new BytePairFiles();
        using var document = Parse(tokenizer);
        var root = document.RootElement;
        if (Member(root, "model") is not { ValueKind: JsonValueKind.Object } model)
            throw new InvalidDataException(
                $"it has no \"model\"; if it is a vocab.json, give its merges.txt as {nameof(SubwordOptions.MergesFile)}");
        if ((Text(model, "type") ?? "BPE") is var type && type != "BPE")
            throw new InvalidDataException($"its model is of type {type}; allowed: BPE");
        if (Flag(model, "byte_fallback"))
            throw new InvalidDataException("its model has byte_fallback; import the SentencePiece model that it was made from");
        if (Text(model, "continuing_subword_prefix") is { Length: > 0 } prefix)
            throw new InvalidDataException($"its model has the continuing_subword_prefix \"{prefix}\"; allowed: none");
        file.ReadVocabulary(Member(model, "vocab") ?? default);
        file.ReadMerges(model);
        file.Unknown = Text(model, "unk_token");
        file.FuseUnknown = Flag(model, "fuse_unk");
        file.EndOfWord = Text(model, "end_of_word_suffix") is { Length: > 0 } suffix ? suffix : null;
        file.ReadNormalizer(Member(root, "normalizer"));
        bool isByteLevel = file.ReadWords(Member(root, "pre_tokenizer"));
        if (isByteLevel == file.EndOfWord is not null)
            throw new InvalidDataException(
                "its pieces can't be joined to text; allowed: a ByteLevel pre_tokenizer, or Whitespace or WhitespaceSplit with an end_of_word_suffix");
        file.ReadAddedTokens(Member(root, "added_tokens"));
        file.Check();
        return file;
    }

    private void ReadVocabulary(JsonElement vocabulary)
    {
        if (vocabulary.ValueKind != JsonValueKind.Object)
            throw new InvalidDataException("its vocabulary is no JSON object");
        var numbers = new HashSet<int>();
        foreach (var piece in vocabulary.EnumerateObject())
        {
            if (piece.Value.ValueKind != JsonValueKind.Number || !piece.Value.TryGetInt32(out int number) || number < 0)
                throw new InvalidDataException($"the number of piece \"{piece.Name}\" is {piece.Value.GetRawText()}");
            if (piece.Name.Length == 0 || !numbers.Add(number) || !Vocabulary.TryAdd(piece.Name, number))
                throw new InvalidDataException($"piece \"{piece.Name}\" is empty, or it or its number {number} occurs twice");
        }
    }

    private void ReadMerges(JsonElement model)
    {
        if (Member(model, "merges") is not { ValueKind: JsonValueKind.Array } merges)
            throw new InvalidDataException("its model has no array of merges");
        foreach (var merge in merges.EnumerateArray())
        {
            AddMerge(merge.ValueKind switch
            {
                JsonValueKind.String => merge.GetString()!,
                JsonValueKind.Array when merge.EnumerateArray().All(part => part.ValueKind == JsonValueKind.String)
                    => string.Join(' ', merge.EnumerateArray().Select(part => part.GetString())),
                _ => throw new InvalidDataException($"merge {Merges.Count} is {merge.GetRawText()}; allowed: a text, or two in an array"),
            });
        }
    }

    private void AddMerge(string merge)
    {
        string[] parts = merge.Split(' ');
        if (parts.Length != 2 || !parts.All(Vocabulary.ContainsKey) || !Vocabulary.ContainsKey(parts[0] + parts[1]))
            throw new InvalidDataException($"merge {Merges.Count}, \"{merge}\", is not two pieces with a space between them that make a third");
        if (!_distinctMerges.Add(merge))
            throw new InvalidDataException($"merge {Merges.Count}, \"{merge}\", occurs twice");
        Merges.Add(merge);
    }

    /// <summary>Such files don't mark their tokens for padding, begin, end and masks. But they, and words added by hand, are
    /// neither one character nor made by a merge, so that no text is encoded to them.</summary>
    private void FindControls()
    {
        var merged = Merges.Select(merge => merge.Replace(" ", "")).ToHashSet();
        Controls.UnionWith(Vocabulary.Keys.Where(piece => !merged.Contains(piece) && !IsCharacter(piece)));
    }

    private bool IsCharacter(string piece)
    {
        int length = piece.Length - (EndOfWord is not null && piece.EndsWith(EndOfWord, StringComparison.Ordinal) ? EndOfWord.Length : 0);
        return length == 1 || (length == 2 && Utf16.IsPair(piece, 0));
    }

    private void ReadNormalizer(JsonElement? normalizer)
    {
        var form = TextNormalization.None;
        bool lowercase = false;
        foreach (var step in Steps(normalizer, "normalizers"))
        {
            switch (Text(step, "type"))
            {
                case "NFC" when form == TextNormalization.None && !lowercase: form = TextNormalization.Nfc; break;
                case "NFKC" when form == TextNormalization.None && !lowercase: form = TextNormalization.Nfkc; break;
                case "Lowercase": lowercase = true; break;
                case var type: throw new InvalidDataException($"its normalizer has the step {type}; allowed: NFC or NFKC, then Lowercase");
            }
        }
        Preparation = new TextPreparation(lowercase, form);
        Preparation.RequireSupport();
    }

    /// <returns>Whether pieces are of bytes.</returns>
    private bool ReadWords(JsonElement? preTokenizer)
    {
        bool isByteLevel = false;
        foreach (var step in Steps(preTokenizer, "pretokenizers"))
        {
            switch (Text(step, "type"))
            {
                case "ByteLevel" when !isByteLevel:
                    isByteLevel = true;
                    AddPrefixSpace = Flag(step, "add_prefix_space");
                    if (Words.Exists(words => !words.KeepsRest))
                        PutSpaceBeforeWords();
                    if (Member(step, "use_regex") is not { ValueKind: JsonValueKind.False })
                        Words.Add(WordPattern.ByteLevel);
                    break;
                case "Split" when Text(step, "behavior") == "Isolated" && !Flag(step, "invert")
                    && Member(step, "pattern") is { } pattern && Text(pattern, "Regex") is { } expression:
                    Words.Add(WordPattern.Parse(expression));
                    break;
                case "WhitespaceSplit" when !isByteLevel: Words.Add(WordPattern.NotSpace); break;
                case "Whitespace" when !isByteLevel: Words.Add(WordPattern.WordsAndSigns); break;
                case var type:
                    throw new InvalidDataException(
                        $"its pre_tokenizer has the step {type}, or one of its settings, that can't be read; allowed: Split (Regex, Isolated), Whitespace, WhitespaceSplit, then ByteLevel");
            }
        }
        return isByteLevel;
    }

    /// <summary>What has been cut until now is what begins with a space, the only one that is left.</summary>
    private void PutSpaceBeforeWords()
    {
        if (!AddPrefixSpace)
            throw new InvalidDataException(
                "its pieces can't be joined to text: its pre_tokenizer leaves out white space, and its ByteLevel has no add_prefix_space");
        SpacedWords.AddRange(Words);
        Words.Clear();
    }

    private void ReadAddedTokens(JsonElement? tokens)
    {
        foreach (var token in tokens is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : default)
        {
            string content = Text(token, "content") ?? "";
            if (content == Unknown)
                continue;
            if (Flag(token, "special"))
                Controls.Add(content);
            else if (content.Length == 0 || Flag(token, "lstrip") || Flag(token, "rstrip") || Flag(token, "single_word"))
                throw new InvalidDataException($"its added token \"{content}\" is empty or has lstrip, rstrip or single_word");
            else
                Symbols.Add(content);
        }
    }

    /// <summary>Whatever is accepted gives no text that is lost without a trace.</summary>
    private void Check()
    {
        if (Unknown is not null && !Vocabulary.ContainsKey(Unknown))
            throw new InvalidDataException($"its unknown token \"{Unknown}\" is no piece");
        if (Unknown is null && (EndOfWord is not null || !ByteLevel.Characters.All(sign => Vocabulary.ContainsKey(sign.ToString()))))
            throw new InvalidDataException(EndOfWord is null
                ? "it has neither a piece for each byte nor an unknown token"
                : "it has no unknown token, and characters outside the vocabulary would be lost");
    }

    private static IEnumerable<JsonElement> Steps(JsonElement? element, string list)
    {
        if (element is not { ValueKind: JsonValueKind.Object } step)
            return [];
        return Text(step, "type") == "Sequence" && Member(step, list) is { ValueKind: JsonValueKind.Array } steps
            ? steps.EnumerateArray()
            : [step];
    }

    /// <summary>A byte-order mark is no JSON.</summary>
    private static JsonDocument Parse(byte[] json) => JsonDocument.Parse(json.AsMemory(json.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0));

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;

    private static string? Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static bool Flag(JsonElement element, string name) => Member(element, name) is { ValueKind: JsonValueKind.True };
}
