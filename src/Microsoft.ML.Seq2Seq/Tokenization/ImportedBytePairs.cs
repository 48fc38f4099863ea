using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>A byte-pair encoding of <c>tokenizer.json</c>, or <c>vocab.json</c> with <c>merges.txt</c>. Added tokens that are
/// not special are symbols.</summary>
internal sealed class ImportedBytePairs : ImportedTokenizer
{
    private readonly BytePairFiles _file;
    private readonly BpeTokenizer _tokenizer;
    private readonly Dictionary<int, int> _ids = []; // the file's number → id

    public ImportedBytePairs(ImportedFiles files, BytePairFiles file, TextPreparation preparation, IReadOnlyList<string> symbols)
        : base(files, preparation, [.. Texts(file)], file.Symbols, symbols)
    {
        _file = file;
        for (int i = 0; i < Pieces.Length; i++)
            _ids.Add(file.Vocabulary[Pieces[i]], SpecialTokens.FirstText + i);
        _tokenizer = BpeTokenizer.Create(new BpeOptions(file.Vocabulary)
        {
            Merges = file.Merges,
            PreTokenizer = new Splitter(file.Words, keepsRest: file.EndOfWord is null),
            ByteLevel = file.EndOfWord is null,
            EndOfWordSuffix = file.EndOfWord,
            UnknownToken = file.Unknown,
            FuseUnknownTokens = file.FuseUnknown,
        });
    }

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
        if (_file.AddPrefixSpace && edges.HasFlag(TextEdges.Start) && text[0] != ' ')
            text = ' ' + text;
        return [.. _tokenizer.EncodeToIds(text).Select(number => _ids.GetValueOrDefault(number, SpecialTokens.Unknown))];
    }

    /// <summary>Pieces that text is encoded to, in the order of their numbers.</summary>
    private static IEnumerable<string> Texts(BytePairFiles file) => file.Vocabulary.OrderBy(piece => piece.Value)
        .Select(piece => piece.Key)
        .Where(piece => piece != file.Unknown && !file.Controls.Contains(piece) && !file.Symbols.Contains(piece));

    /// <summary>The bytes that a piece's characters stand for; those of a character that stands for none are its own.</summary>
    private static byte[] Bytes(string piece) => [.. piece.SelectMany(character =>
        ByteLevel.TryGetByte(character, out byte value) ? [value] : Encoding.UTF8.GetBytes([character]))];

    /// <summary>Words by patterns, one after another.</summary>
    /// <param name="patterns">Each splits what the one before it left whole.</param>
    /// <param name="keepsRest">Whether what is between matches is a word, too, or left out.</param>
    private sealed class Splitter(IReadOnlyList<Regex> patterns, bool keepsRest) : PreTokenizer
    {
        public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => Split(text, 0, text.Length, 0);

        public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

        private IEnumerable<(int Offset, int Length)> Split(string text, int start, int length, int pattern) =>
            pattern == patterns.Count
                ? [(start, length)]
                : Match(text.Substring(start, length), patterns[pattern])
                    .SelectMany(part => Split(text, start + part.Offset, part.Length, pattern + 1));

        private IEnumerable<(int Offset, int Length)> Match(string text, Regex pattern)
        {
            int done = 0;
            foreach (Match match in pattern.Matches(text))
            {
                if (match.Index > done && keepsRest)
                    yield return (done, match.Index - done);
                if (match.Length > 0)
                    yield return (match.Index, match.Length);
                done = match.Index + match.Length;
            }
            if (done < text.Length && keepsRest)
                yield return (done, text.Length - done);
        }
    }
}
