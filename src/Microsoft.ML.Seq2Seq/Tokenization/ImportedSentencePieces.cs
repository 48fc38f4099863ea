using System.Text;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>A SentencePiece model, unigram or BPE. Its user-defined pieces are symbols.</summary>
internal sealed class ImportedSentencePieces : ImportedTokenizer
{
    private readonly SentencePieceTokenizer _tokenizer;
    private readonly SentencePieceNormalization _normalizer;
    private readonly bool _hasPrefix, _spellsUnknown;
    private readonly int[] _ids; // the file's number → id
    private readonly string[] _surfaces; // pieces as they are written, with spaces
    private readonly int[] _bytes = new int[256]; // byte → id; 0 is none
    private readonly Dictionary<int, byte> _byteOf = [];

    public ImportedSentencePieces(ImportedFiles files, SentencePieceFile file, TextPreparation preparation, IReadOnlyList<string> symbols)
        : base(files, preparation, [.. file.Pieces.Where(IsText).Select(piece => piece.Piece)],
            file.Pieces.Where(piece => piece.Type == SentencePieceType.UserDefined).Select(piece => Surface(file, piece.Piece)), symbols)
    {
        // For unigram models, Microsoft.ML.Tokenizers 2.0 fails to spell characters in bytes: here it is done for it.
        _tokenizer = SentencePieceTokenizer.Create(
            new MemoryStream(file.ContentWithoutBytes), addBeginningOfSentence: false, addEndOfSentence: false);
        _normalizer = new SentencePieceNormalization(file);
        _hasPrefix = file.AddDummyPrefix;
        _surfaces = [.. Pieces.ToArray().Select(piece => Surface(file, piece))];
        _ids = new int[file.Pieces.Count];
        int next = SpecialTokens.FirstText;
        for (int i = 0; i < _ids.Length; i++)
        {
            _ids[i] = IsText(file.Pieces[i]) ? next++ : SpecialTokens.Unknown;
            if (file.Pieces[i].Type == SentencePieceType.Byte)
            {
                byte value = ByteOf(file.Pieces[i].Piece);
                _bytes[value] = _ids[i];
                _byteOf.Add(_ids[i], value);
            }
        }
        _spellsUnknown = file.ByteFallback && _byteOf.Count == 256;
    }

    public override string Prepare(string text) => _normalizer.Normalize(base.Prepare(text), TextEdges.Start);

    protected override PieceText TextOfPiece(int id, bool atStart)
    {
        if (_byteOf.TryGetValue(id, out byte value))
            return new PieceText("", [value]);
        string surface = _surfaces[id - SpecialTokens.FirstText];
        return new PieceText(atStart && _hasPrefix && surface.StartsWith(' ') ? surface[1..] : surface);
    }

    protected override int[] EncodePrepared(string text, TextEdges edges)
    {
        string normalized = _normalizer.Normalize(text, edges);
        var ids = new List<int>();
        foreach (var token in _tokenizer.EncodeToTokens(normalized, out _, false, false, considerNormalization: false))
        {
            int id = _ids[token.Id];
            if (id != SpecialTokens.Unknown)
                ids.Add(id);
            else if (_spellsUnknown)
                ids.AddRange(Encoding.UTF8.GetBytes(normalized[token.Offset]).Select(value => _bytes[value]));
            else if (ids is not [.., SpecialTokens.Unknown]) // a run of them is one, as in SentencePiece
                ids.Add(id);
        }
        return [.. ids];
    }

    private static bool IsText((string Piece, SentencePieceType Type) piece) =>
        piece.Type is SentencePieceType.Normal or SentencePieceType.Unused or SentencePieceType.Byte;

    private static string Surface(SentencePieceFile file, string piece) =>
        file.EscapeWhitespaces ? piece.Replace(MarkedText.Space, ' ') : piece;

    private static byte ByteOf(string piece) => piece is ['<', '0', 'x', _, _, '>']
        ? Convert.ToByte(piece[3..5], 16)
        : throw new InvalidDataException($"piece \"{piece}\" of the SentencePiece model is no byte");
}
