using System.Text;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Words, characters or whitespace-separated tokens: whatever is in the vocabulary is one id, and the rest is
/// <see cref="SpecialTokens.Unknown"/>.</summary>
internal sealed class UnitTokenizer : SubwordTokenizer
{
    private readonly SubwordKind _kind;
    private readonly Dictionary<string, int> _ids = [];
    private readonly string[] _surfaces;

    public UnitTokenizer(SubwordKind kind, TextPreparation preparation, string[] pieces, SymbolSet symbols)
        : base(kind, preparation, pieces, SpecialTokens.FirstText, symbols)
    {
        _kind = kind;
        _surfaces = [.. kind == SubwordKind.Word ? pieces.Select(piece => piece.Replace(MarkedText.Space, ' ')) : pieces, .. symbols.Texts];
        for (int i = 0; i < pieces.Length; i++)
            _ids.Add(pieces[i], SpecialTokens.FirstText + i);
    }

    public override PieceText Text(int id, bool atStart)
    {
        if (id is SpecialTokens.Pad or SpecialTokens.Begin or SpecialTokens.End)
            return PieceText.None;
        string surface = id != SpecialTokens.Unknown && (uint)id < (uint)VocabularySize ? _surfaces[id - SpecialTokens.FirstText]
            // Most unknown words had a space before them; so have tokens of the whitespace kind.
            : _kind == SubwordKind.Word ? $" {SpecialTokens.Replacement}" : $"{SpecialTokens.Replacement}";
        return new PieceText(_kind switch
        {
            SubwordKind.Whitespace when !atStart => ' ' + surface,
            SubwordKind.Word when atStart && surface[0] == ' ' => surface[1..],
            _ => surface,
        });
    }

    public override string Decode(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder();
        bool atStart = true;
        foreach (int id in ids)
        {
            if (id is SpecialTokens.Pad or SpecialTokens.Begin or SpecialTokens.End)
                continue;
            text.Append(Text(id, atStart).Characters);
            atStart = false;
        }
        return text.ToString();
    }

    protected override int[] EncodePrepared(string text, TextEdges edges)
    {
        var ids = new List<int>();
        var lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var unit in new TextUnits(_kind, text, edges.HasFlag(TextEdges.Start)))
            ids.Add(lookup.TryGetValue(unit, out int id) ? id : SpecialTokens.Unknown);
        return [.. ids];
    }
}
