using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>What each token adds to a text.</summary>
/// <param name="Later">By token, where another stands before it; empty for those without a text and for bytes.</param>
/// <param name="First">The same at the start of a text.</param>
/// <param name="FirstByte">The token of byte 0, which those of the other 255 follow; null where no token is a byte.</param>
internal sealed record TokenTexts(string[] Later, string[] First, int? FirstByte)
{
    /// <summary>Tokens that are bytes.</summary>
    public IEnumerable<int> Bytes => FirstByte is { } first ? Enumerable.Range(first, 256) : [];

    public bool IsByte(int token) => token >= FirstByte && token < FirstByte + 256;

    public static TokenTexts Of(SubwordTokenizer vocabulary)
    {
        string[] Texts(bool atStart) => [.. Enumerable.Range(0, vocabulary.VocabularySize).Select(id =>
            id >= vocabulary.FirstByte && id < vocabulary.FirstByte + 256 ? "" : vocabulary.Text(id, atStart))];
        return new TokenTexts(Texts(atStart: false), Texts(atStart: true), vocabulary.FirstByte);
    }
}
