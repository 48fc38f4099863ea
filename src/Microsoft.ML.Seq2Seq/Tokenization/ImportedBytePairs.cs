using System.Text;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>A byte-pair encoding of <c>tokenizer.json</c>, or <c>vocab.json</c> with <c>merges.txt</c>. Added tokens that are
/// not special are symbols.</summary>
internal sealed class ImportedBytePairs : ImportedTokenizer
{
    private readonly BytePairFiles _file;
    private readonly BpeTokenizer _tokenizer;
    private readonly WordSplitter _spacedWords;
    private readonly Dictionary<int, int> _ids = []; // the file's number → id

    public ImportedBytePairs(ImportedFiles files, BytePairFiles file, TextPreparation preparation, IReadOnlyList<string> symbols)
        : base(files, preparation, [.. Texts(file)], file.Symbols, symbols)
    {
        _file = file;
        _spacedWords = new WordSplitter(file.SpacedWords);
        for (int i = 0; i < Pieces.Length; i++)
            _ids.Add(file.Vocabulary[Pieces[i]], SpecialTokens.FirstText + i);
        _tokenizer = BpeTokenizer.Create(new BpeOptions(file.Vocabulary)
        {
            Merges = file.Merges,
            PreTokenizer = new WordSplitter(file.Words),
            ByteLevel = file.EndOfWord is null,
            EndOfWordSuffix = file.EndOfWord,
            UnknownToken = file.Unknown,
            FuseUnknownTokens = file.FuseUnknown,
        });
    }

    public override string Prepare(string text) => _file.Preparation.Apply(base.Prepare(text));

    public override string Decode(ReadOnlySpan<int> ids)
    {
        string text = base.Decode(ids);
        return _file.EndOfWord is not null && text.EndsWith(' ') ? text[..^1] : text; // a space follows each word
    }

    protected override PieceText TextOfPiece(int id, bool atStart)
    {
        string piece = Pieces[id - SpecialTokens.FirstText];
        return _file.EndOfWord is { } suffix
            ? new PieceText(piece.EndsWith(suffix, StringComparison.Ordinal) ? piece[..^suffix.Length] + ' ' : piece)
            : new PieceText("", Bytes(atStart && _file.AddPrefixSpace && piece[0] == ByteLevel.Characters[' '] ? piece[1..] : piece));
    }

    protected override int[] EncodePrepared(string text, TextEdges edges)
    {
        text = _file.Preparation.Apply(text);
        if (text.Length == 0)
            return [];
        return [.. Spaced(text, edges).SelectMany(part => _tokenizer.EncodeToIds(part))
            .Select(number => _ids.GetValueOrDefault(number, SpecialTokens.Unknown))];
    }

    /// <summary>A text with the spaces that the file puts into it: before each word where white space was left out, else
    /// before the text.</summary>
    private IEnumerable<string> Spaced(string text, TextEdges edges) =>
        _file.SpacedWords.Count > 0 ? _spacedWords.PreTokenize(text).Select(word => ' ' + text.Substring(word.Offset, word.Length))
        : _file.AddPrefixSpace && edges.HasFlag(TextEdges.Start) && text[0] != ' ' ? [' ' + text]
        : [text];

    /// <summary>Pieces that text is encoded to, in the order of their numbers.</summary>
    private static IEnumerable<string> Texts(BytePairFiles file) => file.Vocabulary.OrderBy(piece => piece.Value)
        .Select(piece => piece.Key)
        .Where(piece => piece != file.Unknown && !file.Controls.Contains(piece) && !file.Symbols.Contains(piece));

    /// <summary>The bytes that a piece's characters stand for; those of a character that stands for none are its own.</summary>
    private static byte[] Bytes(string piece) => [.. piece.SelectMany(character =>
        ByteLevel.TryGetByte(character, out byte value) ? [value] : Encoding.UTF8.GetBytes([character]))];
}
