namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Tokenizers some of whose pieces are bytes, or spelled in them: characters are found when pieces are put
/// together.</summary>
internal abstract class BytePieceTokenizer(
    SubwordKind? kind, TextPreparation preparation, string[] pieces, int firstPiece, SymbolSet symbols)
    : SubwordTokenizer(kind, preparation, pieces, firstPiece, symbols)
{
    public override PieceText Text(int id, bool atStart)
    {
        if (id is SpecialTokens.Pad or SpecialTokens.Begin or SpecialTokens.End)
            return PieceText.None;
        if (id == SpecialTokens.Unknown || (uint)id >= (uint)VocabularySize)
            return PieceText.Replacement;
        return id >= FirstSymbol ? new PieceText(Symbols.Texts[id - FirstSymbol]) : TextOfPiece(id, atStart);
    }

    public override string Decode(ReadOnlySpan<int> ids)
    {
        var text = new PieceJoiner();
        bool atStart = true;
        foreach (int id in ids)
        {
            if (id is SpecialTokens.Pad or SpecialTokens.Begin or SpecialTokens.End)
                continue;
            text.Add(Text(id, atStart));
            atStart = false;
        }
        return text.Finish();
    }

    /// <summary>What a piece or byte stands for.</summary>
    protected abstract PieceText TextOfPiece(int id, bool atStart);
}
