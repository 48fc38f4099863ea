using System.Text.Json;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>The content of a vocabulary of another tool: one file, or <c>vocab.json</c> with <c>merges.txt</c>. It is kept
/// as it is and travels with the model; what it means is read off it each time.</summary>
internal sealed class ImportedFiles
{
    /// <summary>Bytes of a file: vocabularies of a million pieces have a quarter of it.</summary>
    private const long LargestFile = 256L << 20;

    /// <exception cref="InvalidDataException">There are neither one nor two files, or two of one name.</exception>
    public ImportedFiles(IReadOnlyList<(string Name, byte[] Content)> files) =>
        Files = files.Count is 1 or 2 && files.Select(file => file.Name).Distinct().Count() == files.Count
            ? files
            : throw new InvalidDataException(
                $"An imported vocabulary has the files {string.Join(", ", files.Select(file => file.Name))}; allowed: 1, or 2 of different names.");

    /// <summary>Names without folders, and content; second the merges, if they are apart.</summary>
    public IReadOnlyList<(string Name, byte[] Content)> Files { get; }

    /// <exception cref="FileNotFoundException">A file is missing; the message names option and file.</exception>
    /// <exception cref="InvalidDataException">A file is too large.</exception>
    public static ImportedFiles Read(string vocabularyFile, string? mergesFile)
    {
        var vocabulary = Load(nameof(SubwordOptions.VocabularyFile), vocabularyFile);
        return new(mergesFile is null ? [vocabulary] : [vocabulary, Load(nameof(SubwordOptions.MergesFile), mergesFile)]);
    }

    /// <summary>Makes a tokenizer of what is in the files.</summary>
    /// <exception cref="InvalidDataException">They can't be used; the message names file and reason.</exception>
    public ImportedTokenizer Open(TextPreparation preparation, IReadOnlyList<string> symbols)
    {
        string name = Files[0].Name;
        try
        {
            if (Files.Count == 2)
                return new ImportedBytePairs(this, BytePairFiles.Read(Files[0].Content, Files[1].Content), preparation, symbols);
            if (Files[0].Content.AsSpan().TrimStart(" \t\r\n\uFEFF"u8) is [(byte)'{', ..])
                return new ImportedBytePairs(this, BytePairFiles.Read(Files[0].Content), preparation, symbols);
            return new ImportedSentencePieces(this, SentencePieceFile.Read(Files[0].Content), preparation, symbols);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"The vocabulary file '{name}' can't be imported: it is not JSON: {error.Message}", error);
        }
        // Microsoft.ML.Tokenizers complains of vocabularies in many ways.
        catch (Exception error) when (error is InvalidDataException or ArgumentException or InvalidOperationException
            or FormatException or IndexOutOfRangeException or KeyNotFoundException or IOException)
        {
            throw new InvalidDataException($"The vocabulary file '{name}' can't be imported: {error.Message}", error);
        }
    }

    private static (string Name, byte[] Content) Load(string option, string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new FileNotFoundException($"{option} is \"{path}\"; there is no such file.", path);
        if (file.Length > LargestFile)
            throw new InvalidDataException($"The vocabulary file '{file.Name}' has {file.Length} bytes; allowed: up to {LargestFile}.");
        return (file.Name, File.ReadAllBytes(path));
    }
}
