using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Decoding;

/// <summary>What each token adds to a text.</summary>
/// <param name="Later">By token, where another stands before it.</param>
/// <param name="First">The same at the start of a text.</param>
internal sealed record TokenTexts(PieceText[] Later, PieceText[] First)
{
    /// <summary>Tokens that are bytes, or spelled in them.</summary>
    public IReadOnlyList<int> Bytes { get; } = [.. Enumerable.Range(0, Later.Length).Where(token => Later[token].Bytes is not null)];

    public static TokenTexts Of(SubwordTokenizer vocabulary)
    {
        PieceText[] Texts(bool atStart) => [.. Enumerable.Range(0, vocabulary.VocabularySize).Select(id => vocabulary.Text(id, atStart))];
        return new TokenTexts(Texts(atStart: false), Texts(atStart: true));
    }
}
