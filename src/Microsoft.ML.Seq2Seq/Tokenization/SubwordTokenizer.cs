using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>
/// A learned vocabulary and how it is applied: text to ids and back. Immutable, and safe to use from many threads.
/// </summary>
internal abstract class SubwordTokenizer
{
    private readonly string[] _pieces;

    /// <param name="firstPiece">Id of the first piece: the ids below are special tokens and bytes.</param>
    protected SubwordTokenizer(SubwordKind kind, TextPreparation preparation, string[] pieces, int firstPiece)
    {
        preparation.RequireSupport();
        Kind = kind;
        Preparation = preparation;
        _pieces = pieces;
        PieceOffset = firstPiece;
    }

    public SubwordKind Kind { get; }

    public TextPreparation Preparation { get; }

    /// <summary>What is learned, in the order of ids.</summary>
    public ReadOnlySpan<string> Pieces => _pieces;

    /// <summary>Ids are 0 to one less.</summary>
    public int VocabularySize => PieceOffset + _pieces.Length;

    protected int PieceOffset { get; }

    /// <summary>The ids of a text, without special tokens but <see cref="SpecialTokens.Unknown"/>. The empty text has
    /// none.</summary>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = Preparation.Apply(text);
        return text.Length == 0 ? [] : EncodePrepared(text);
    }

    /// <summary>The same with BPE-dropout: each possible merge is passed over with this probability at every step (Provilkov
    /// et al. 2020). Other kinds have no merges and encode as ever.</summary>
    public int[] Encode(string text, double dropout, ref SplitMix64 random)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = Preparation.Apply(text);
        return text.Length == 0 ? [] : EncodePrepared(text, dropout, ref random);
    }

    /// <summary>The text of ids. Never throws: padding, begin and end have no text, and ids outside the vocabulary and
    /// broken bytes become U+FFFD.</summary>
    public abstract string Decode(ReadOnlySpan<int> ids);

    /// <summary>What one id of the vocabulary adds to a text: nothing for padding, begin and end.</summary>
    /// <param name="id">Not of <see cref="FirstByte"/> and the 255 that follow: what a byte adds depends on its neighbours.</param>
    /// <param name="atStart">Whether nothing has been written before it.</param>
    public abstract string Text(int id, bool atStart);

    /// <summary>The id of byte 0, which those of the others follow; null where no id is a byte.</summary>
    public virtual int? FirstByte => null;

    /// <summary>One id, to be read by people: spaces are shown as ▁, bytes as &lt;0x0A&gt;.</summary>
    public string Token(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, VocabularySize);
        return id < SpecialTokens.FirstText ? SpecialTokens.Names[id]
            : id < PieceOffset ? $"<0x{id - SpecialTokens.FirstText:X2}>"
            : _pieces[id - PieceOffset].Replace(' ', MarkedText.Space);
    }

    /// <summary>Writes the vocabulary as JSON.</summary>
    public void Save(Stream stream) => VocabularyFile.Write(this, stream);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The content is damaged; the message says where.</exception>
    public static SubwordTokenizer Load(Stream stream) => VocabularyFile.Read(stream);

    protected abstract int[] EncodePrepared(string text);

    protected virtual int[] EncodePrepared(string text, double dropout, ref SplitMix64 random) => EncodePrepared(text);
}
