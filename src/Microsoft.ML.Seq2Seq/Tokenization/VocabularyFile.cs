using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>A vocabulary as JSON that people can read:
/// <code>
/// { "format": "seq2seq-vocabulary", "version": 1, "kind": "BytePairEncoding",
///   "lowercase": false, "normalization": "None",
///   "symbols": ["{name}", …],        // optional; never split, and last in the order of ids
///   "pieces": ["▁", "e", "t", …],  // in the order of ids, after the special tokens (and the bytes)
///   "merges": ["▁ t", "h e", …] }  // byte-pair encoding only: each makes the piece of the next id
/// </code>
/// An imported vocabulary has, instead of kind, pieces and merges, the files it came in:
/// <c>"imported": { "tokenizer.model": "…base64…" }</c>.
/// Reading trusts nothing: whatever it accepts encodes and decodes.</summary>
internal static class VocabularyFile
{
    private const string Format = "seq2seq-vocabulary";

    // *** History ***
    // 1: initial
    // 2: symbols, imported
    // 3: of an imported vocab.json, no ids for what no text is encoded to
    private const int Version = 3;

    private static readonly JsonWriterOptions _writerOptions = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // ▁ and letters of all languages as they are
    };

    public static void Write(SubwordTokenizer tokenizer, Stream stream)
    {
        using var json = new Utf8JsonWriter(stream, _writerOptions);
        json.WriteStartObject();
        json.WriteString("format", Format);
        json.WriteNumber("version", Version);
        if (tokenizer.Kind is { } kind)
            json.WriteString("kind", kind.ToString());
        json.WriteBoolean("lowercase", tokenizer.Preparation.Lowercase);
        json.WriteString("normalization", tokenizer.Preparation.Normalization.ToString());
        var imported = tokenizer as ImportedTokenizer;
        WriteStrings(json, "symbols", imported is null ? tokenizer.Symbols.Texts : [.. imported.OwnSymbols]);
        if (imported is not null)
        {
            json.WriteStartObject("imported");
            foreach (var (name, content) in imported.Files.Files)
                json.WriteBase64String(name, content);
            json.WriteEndObject();
        }
        else
            WritePieces(json, tokenizer);
        json.WriteEndObject();
    }

    private static void WritePieces(Utf8JsonWriter json, SubwordTokenizer tokenizer)
    {
        var bytePairs = tokenizer as BytePairTokenizer;
        WriteStrings(json, "pieces", bytePairs is null ? tokenizer.Pieces : tokenizer.Pieces[..bytePairs.AlphabetSize]);
        if (bytePairs is not null)
            WriteStrings(json, "merges", [.. bytePairs.Merges.Select(bytePairs.Show)]);
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, ReadOnlySpan<string> strings)
    {
        json.WriteStartArray(name);
        foreach (string text in strings)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    public static SubwordTokenizer Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var document = Parse(stream);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw Damaged("it is no JSON object");
        if (Text(Member(root, "format"), "format") is var format && format != Format)
            throw Damaged($"its format is \"{format}\", not \"{Format}\"");
        if (!Member(root, "version", JsonValueKind.Number).TryGetInt32(out int version) || version is < 1 or > Version)
            throw Damaged($"its version is {Member(root, "version").GetRawText()}; this library reads 1 to {Version}");

        var lowercase = Member(root, "lowercase");
        if (lowercase.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            throw Damaged("\"lowercase\" is neither true nor false");
        var preparation = new TextPreparation(lowercase.GetBoolean(), Named<TextNormalization>(root, "normalization"));
        var symbols = ReadSymbols(root);
        if (root.TryGetProperty("imported", out var files))
            return Imported(ReadFiles(files), version).Open(preparation, symbols);
        var kind = Named<SubwordKind>(root, "kind");
        var pieces = ReadPieces(root, kind, isRequired: symbols.Count == 0);
        return kind == SubwordKind.BytePairEncoding
            ? new BytePairTokenizer(preparation, pieces, ReadMerges(root, pieces), new SymbolSet(symbols))
            : new UnitTokenizer(kind, preparation, [.. pieces], new SymbolSet(symbols));
    }

    private static List<string> ReadSymbols(JsonElement root)
    {
        var symbols = new List<string>();
        if (!root.TryGetProperty("symbols", out _)) // none in version 1
            return symbols;
        foreach (var element in Array(root, "symbols").EnumerateArray())
            symbols.Add(Text(element, $"symbol {symbols.Count}"));
        return SymbolSet.FindFault(symbols) is { } fault ? throw Damaged(fault) : symbols;
    }

    /// <summary>Refuses files whose pieces had other ids when they were written.</summary>
    private static ImportedFiles Imported(ImportedFiles files, int version) => version >= 3 || files.Files.Count == 1
        ? files
        : throw Damaged($"it is of version {version}, which gave the pieces of '{files.Files[0].Name}' other ids; import it, and train, anew");

    private static ImportedFiles ReadFiles(JsonElement imported)
    {
        if (imported.ValueKind != JsonValueKind.Object)
            throw Damaged($"\"imported\" is a JSON {imported.ValueKind}, not Object");
        var files = new List<(string, byte[])>();
        foreach (var file in imported.EnumerateObject())
            files.Add((file.Name, file.Value.ValueKind == JsonValueKind.String && file.Value.TryGetBytesFromBase64(out byte[]? content)
                ? content
                : throw Damaged($"\"{file.Name}\" is not base64")));
        return new ImportedFiles(files);
    }

    private static List<string> ReadPieces(JsonElement root, SubwordKind kind, bool isRequired)
    {
        bool characters = kind is SubwordKind.Character or SubwordKind.BytePairEncoding;
        var array = Array(root, "pieces");
        var pieces = new List<string>();
        var seen = new HashSet<string>();
        foreach (var element in array.EnumerateArray())
        {
            string where = $"piece {pieces.Count}";
            string piece = Text(element, where);
            if (piece.Length is 0 or > MarkedText.MaximumWord)
                throw Damaged($"{where} has {piece.Length} characters; allowed: 1 to {MarkedText.MaximumWord}");
            if (characters && !IsCharacter(piece))
                throw Damaged($"{where}, \"{piece}\", is more than a character");
            if (kind != SubwordKind.Character && piece.Contains(' '))
                throw Damaged($"{where}, \"{piece}\", has a space");
            if (!seen.Add(piece))
                throw Damaged($"{where}, \"{piece}\", occurs twice");
            pieces.Add(piece);
        }
        if (pieces.Count == 0 && isRequired)
            throw Damaged("\"pieces\" is empty");
        return pieces;
    }

    private static List<Merge> ReadMerges(JsonElement root, List<string> alphabet)
    {
        if (alphabet.Count == 0 || alphabet[0] != MarkedText.Space.ToString())
            throw Damaged($"piece 0 is \"{alphabet.FirstOrDefault()}\", not \"{MarkedText.Space}\"");
        var indices = new Dictionary<string, int>();
        foreach (string piece in alphabet)
            indices.Add(piece, indices.Count);

        var merges = new List<Merge>();
        foreach (var element in Array(root, "merges").EnumerateArray())
        {
            string where = $"merge {merges.Count}";
            string text = Text(element, where);
            string[] parts = text.Split(' ');
            if (parts.Length != 2)
                throw Damaged($"{where}, \"{text}\", is not two pieces with a space between them");
            if (!indices.TryGetValue(parts[0], out int left) || !indices.TryGetValue(parts[1], out int right))
                throw Damaged($"{where}, \"{text}\", is of what is no piece before it");
            string piece = parts[0] + parts[1];
            if (piece.Length > MarkedText.MaximumWord)
                throw Damaged($"{where} makes a piece of {piece.Length} characters; allowed: up to {MarkedText.MaximumWord}");
            if (!indices.TryAdd(piece, indices.Count))
                throw Damaged($"{where}, \"{text}\", makes a piece that exists");
            merges.Add(new Merge(left, right));
        }
        return merges;
    }

    private static bool IsCharacter(string piece)
        => Rune.TryGetRuneAt(piece, 0, out var rune) && rune.Utf16SequenceLength == piece.Length;

    private static JsonElement Array(JsonElement root, string name)
    {
        var array = Member(root, name, JsonValueKind.Array);
        return array.GetArrayLength() <= SubwordOptions.MaximumVocabulary
            ? array
            : throw Damaged($"\"{name}\" has {array.GetArrayLength()} entries; allowed: up to {SubwordOptions.MaximumVocabulary}");
    }

    private static JsonDocument Parse(Stream stream)
    {
        try
        {
            return JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 3, AllowDuplicateProperties = false });
        }
        catch (JsonException error)
        {
            throw Damaged("it is not JSON: " + error.Message, error);
        }
    }

    private static JsonElement Member(JsonElement root, string name)
        => root.TryGetProperty(name, out var member) ? member : throw Damaged($"\"{name}\" is missing");

    private static JsonElement Member(JsonElement root, string name, JsonValueKind kind)
    {
        var member = Member(root, name);
        return member.ValueKind == kind ? member : throw Damaged($"\"{name}\" is a JSON {member.ValueKind}, not {kind}");
    }

    private static T Named<T>(JsonElement root, string name)
        where T : struct, Enum
    {
        string text = Text(Member(root, name), name);
        return Enum.GetNames<T>().Contains(text)
            ? Enum.Parse<T>(text)
            : throw Damaged($"\"{name}\" is \"{text}\"; allowed: {string.Join(", ", Enum.GetNames<T>())}");
    }

    private static string Text(JsonElement element, string where)
    {
        if (element.ValueKind != JsonValueKind.String)
            throw Damaged($"{where} is a JSON {element.ValueKind}, not a string");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw Damaged($"{where} is no valid Unicode", error);
        }
    }

    private static InvalidDataException Damaged(string what, Exception? inner = null) => new($"The vocabulary is damaged: {what}.", inner);
}
