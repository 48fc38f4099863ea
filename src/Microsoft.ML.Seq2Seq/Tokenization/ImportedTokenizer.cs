namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>A vocabulary of another tool, applied by Microsoft.ML.Tokenizers. Special tokens are ours: the file's own for
/// begin, end, padding and the like have no ids here, for no text is encoded to one, and its unknown token is
/// <see cref="SpecialTokens.Unknown"/>. The rest keeps its order.</summary>
internal abstract class ImportedTokenizer : BytePieceTokenizer
{
    protected ImportedTokenizer(
        ImportedFiles files, TextPreparation preparation, string[] pieces, IEnumerable<string> symbolsOfFile, IReadOnlyList<string> ownSymbols)
        : base(null, preparation, pieces, SpecialTokens.FirstText, new SymbolSet(symbolsOfFile.Concat(ownSymbols).Distinct()))
    {
        if (pieces.Length == 0)
            throw new InvalidDataException("it has no pieces");
        if (VocabularySize > SubwordOptions.MaximumVocabulary)
            throw new InvalidDataException($"it has {VocabularySize} tokens; allowed: up to {SubwordOptions.MaximumVocabulary}");
        Files = files;
        OwnSymbols = ownSymbols;
    }

    public ImportedFiles Files { get; }

    /// <summary>Symbols that are not the file's.</summary>
    public IReadOnlyList<string> OwnSymbols { get; }
}
