using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>
/// A learned vocabulary and how it is applied: text to ids and back. Immutable, and safe to use from many threads.
/// </summary>
internal abstract class SubwordTokenizer
{
    private readonly string[] _pieces;

    /// <param name="firstPiece">Id of the first piece: the ids below are special tokens and bytes.</param>
    protected SubwordTokenizer(SubwordKind? kind, TextPreparation preparation, string[] pieces, int firstPiece, SymbolSet symbols)
    {
        preparation.RequireSupport();
        Kind = kind;
        Preparation = preparation;
        _pieces = pieces;
        PieceOffset = firstPiece;
        Symbols = symbols;
    }

    /// <summary>Null: imported.</summary>
    public SubwordKind? Kind { get; }

    public TextPreparation Preparation { get; }

    /// <summary>What is learned, in the order of ids.</summary>
    public ReadOnlySpan<string> Pieces => _pieces;

    /// <summary>What is never split; their ids follow those of the pieces.</summary>
    public SymbolSet Symbols { get; }

    /// <summary>Ids are 0 to one less.</summary>
    public int VocabularySize => FirstSymbol + Symbols.Count;

    /// <summary>Whether BPE-dropout makes a difference.</summary>
    public virtual bool CanDrop => false;

    protected int PieceOffset { get; }

    protected int FirstSymbol => PieceOffset + _pieces.Length;

    /// <summary>A text as it is before it is cut: texts that begin alike for a reader of the vocabulary begin alike here.</summary>
    public virtual string Prepare(string text) => Preparation.Apply(text);

    /// <summary>The ids of a text, without special tokens but <see cref="SpecialTokens.Unknown"/>. The empty text has
    /// none.</summary>
    public int[] Encode(string text)
    {
        var unused = default(SplitMix64);
        return Encode(text, null, ref unused);
    }

    /// <summary>The same with BPE-dropout: each possible merge is passed over with this probability at every step (Provilkov
    /// et al. 2020). Other kinds have no merges and encode as ever.</summary>
    public int[] Encode(string text, double dropout, ref SplitMix64 random) => Encode(text, (double?)dropout, ref random);

    /// <summary>The text of ids. Never throws: padding, begin and end have no text, and ids outside the vocabulary and
    /// broken bytes become U+FFFD.</summary>
    public abstract string Decode(ReadOnlySpan<int> ids);

    /// <summary>What one id adds to a text: nothing for padding, begin and end.</summary>
    /// <param name="atStart">Whether nothing has been written before it.</param>
    public abstract PieceText Text(int id, bool atStart);

    /// <summary>One id, to be read by people: spaces are shown as ▁, bytes as &lt;0x0A&gt;.</summary>
    public string Token(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, VocabularySize);
        return id < SpecialTokens.FirstText ? SpecialTokens.Names[id]
            : id < PieceOffset ? $"<0x{id - SpecialTokens.FirstText:X2}>"
            : (id < FirstSymbol ? _pieces[id - PieceOffset] : Symbols.Texts[id - FirstSymbol]).Replace(' ', MarkedText.Space);
    }

    /// <summary>Writes the vocabulary as JSON.</summary>
    public void Save(Stream stream) => VocabularyFile.Write(this, stream);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The content is damaged; the message says where.</exception>
    public static SubwordTokenizer Load(Stream stream) => VocabularyFile.Read(stream);

    /// <summary>Encodes text in which no symbol is.</summary>
    /// <param name="text">Not empty.</param>
    /// <param name="edges">Ends of the whole text that it has.</param>
    protected abstract int[] EncodePrepared(string text, TextEdges edges);

    protected virtual int[] EncodePrepared(string text, TextEdges edges, double dropout, ref SplitMix64 random) => EncodePrepared(text, edges);

    private int[] Encode(string text, double? dropout, ref SplitMix64 random)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Symbols.Count == 0)
            return EncodePart(text, TextEdges.Both, dropout, ref random);
        var ids = new List<int>();
        foreach (var part in Symbols.Split(text, betweenSpaces: Kind == SubwordKind.Whitespace))
        {
            if (part.Symbol >= 0)
                ids.Add(FirstSymbol + part.Symbol);
            else
                ids.AddRange(EncodePart(part.Text, part.Edges, dropout, ref random));
        }
        return [.. ids];
    }

    private int[] EncodePart(string text, TextEdges edges, double? dropout, ref SplitMix64 random)
    {
        text = Preparation.Apply(text);
        return text.Length == 0 ? []
            : dropout is { } rate ? EncodePrepared(text, edges, rate, ref random)
            : EncodePrepared(text, edges);
    }
}
