namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Tokenizers some of whose pieces are bytes, or spelled in them: characters are found when pieces are put
/// together.</summary>
internal abstract class BytePieceTokenizer(
    SubwordKind? kind, TextPreparation preparation, string[] pieces, int firstPiece, SymbolSet symbols)
    : SubwordTokenizer(kind, preparation, pieces, firstPiece, symbols)
{
    public override string Decode(ReadOnlySpan<int> ids)
    {
        var text = new PieceJoiner();
        bool atStart = true;
        foreach (int id in ids)
        {
            if (id is SpecialTokens.Pad or SpecialTokens.Begin or SpecialTokens.End)
                continue;
            if (id == SpecialTokens.Unknown || (uint)id >= (uint)VocabularySize)
                text.Add(SpecialTokens.Replacement.ToString());
            else if (id >= FirstSymbol)
                text.Add(Symbols.Texts[id - FirstSymbol]);
            else
                AddPiece(id, atStart, text);
            atStart = false;
        }
        return text.Finish();
    }

    /// <summary>Adds what a piece or byte stands for.</summary>
    protected abstract void AddPiece(int id, bool atStart, PieceJoiner text);
}
