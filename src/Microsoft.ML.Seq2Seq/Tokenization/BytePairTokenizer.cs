using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Seq2Seq.Tokenization;

/// <summary>Two pieces that become one. Pieces count from 0: the alphabet, then what each merge makes.</summary>
internal readonly record struct Merge(int Left, int Right);

/// <summary>
/// Byte-pair encoding. Words of <see cref="MarkedText"/> are split into characters; then, as long as any neighbours have
/// a merge, those with the earliest learned one, leftmost first, become one piece. Ids: special tokens, 256 bytes, pieces.
/// </summary>
internal sealed class BytePairTokenizer : BytePieceTokenizer
{
    /// <summary>The id of the first piece, which is always ▁.</summary>
    public const int FirstPiece = SpecialTokens.FirstText + 256;

    private readonly Alphabet _alphabet;
    private readonly BpeTokenizer _tokenizer;
    private readonly string[] _surfaces; // pieces as they are written, with spaces
    private readonly Dictionary<int, int> _ids = []; // character → id; bytes are the lone surrogates of MarkedText
    private readonly Dictionary<(int Left, int Right), int> _ranks = []; // pair of ids → merge

    /// <param name="alphabet">Single characters, distinct, without the space; first of them ▁.</param>
    /// <param name="merges">In the order they were learned; no two make the same piece.</param>
    public BytePairTokenizer(TextPreparation preparation, IReadOnlyList<string> alphabet, IReadOnlyList<Merge> merges, SymbolSet symbols)
        : base(SubwordKind.BytePairEncoding, preparation, MakePieces(alphabet, merges), FirstPiece, symbols)
    {
        AlphabetSize = alphabet.Count;
        Merges = merges;
        var vocabulary = new Dictionary<string, int>();
        for (int value = 0; value < 256; value++)
        {
            vocabulary.Add(MarkedText.OfByte(value).ToString(), SpecialTokens.FirstText + value);
            _ids.Add(MarkedText.OfByte(value), SpecialTokens.FirstText + value);
        }
        for (int i = 0; i < Pieces.Length; i++)
            vocabulary.Add(Pieces[i], FirstPiece + i);
        for (int i = 0; i < AlphabetSize; i++)
            _ids.Add(char.ConvertToUtf32(alphabet[i], 0), FirstPiece + i);
        for (int rank = 0; rank < merges.Count; rank++)
            _ranks.Add((FirstPiece + merges[rank].Left, FirstPiece + merges[rank].Right), rank);

        _alphabet = new Alphabet(_ids.Keys);
        _surfaces = [.. Pieces.ToArray().Select(piece => piece.Replace(MarkedText.Space, ' '))];
        _tokenizer = BpeTokenizer.Create(new BpeOptions(vocabulary)
        {
            Merges = merges.Select(Show),
            PreTokenizer = new SpaceSplitter(),
        });
    }

    /// <summary>Pieces of one character; the merges make the others.</summary>
    public int AlphabetSize { get; }

    public IReadOnlyList<Merge> Merges { get; }

    public override bool CanDrop => true;

    /// <summary>A merge as both parts with a space between them, which no piece has.</summary>
    public string Show(Merge merge) => $"{Pieces[merge.Left]} {Pieces[merge.Right]}";

    protected override PieceText TextOfPiece(int id, bool atStart)
    {
        if (id < FirstPiece)
            return new PieceText("", [(byte)(id - SpecialTokens.FirstText)]);
        string surface = _surfaces[id - FirstPiece];
        return new PieceText(atStart && surface[0] == ' ' ? surface[1..] : surface); // the mark that every text begins with
    }

    protected override int[] EncodePrepared(string text, TextEdges edges)
        => [.. _tokenizer.EncodeToIds(MarkedText.Mark(text, _alphabet, singleSymbols: false, edges.HasFlag(TextEdges.Start)))];

    // Microsoft.ML.Tokenizers 2.0 has dropout, but neither public nor with a seed.
    protected override int[] EncodePrepared(string text, TextEdges edges, double dropout, ref SplitMix64 random)
    {
        var result = new List<int>();
        var word = new List<int>();
        ReadOnlySpan<char> marked = MarkedText.Mark(text, _alphabet, singleSymbols: false, edges.HasFlag(TextEdges.Start));
        foreach (var range in marked.Split(' '))
        {
            word.Clear();
            MarkedText.AddCharacters(marked[range], word);
            for (int i = 0; i < word.Count; i++)
                word[i] = _ids[word[i]];
            Merge(word, dropout, ref random);
            result.AddRange(word);
        }
        return [.. result];
    }

    private void Merge(List<int> word, double dropout, ref SplitMix64 random)
    {
        while (true)
        {
            int best = int.MaxValue, position = 0;
            for (int i = 0; i + 1 < word.Count; i++)
            {
                if (_ranks.TryGetValue((word[i], word[i + 1]), out int rank)
                    && (dropout == 0 || random.NextDouble() >= dropout) && rank < best)
                    (best, position) = (rank, i);
            }
            if (best == int.MaxValue)
                return;
            word[position] = FirstPiece + AlphabetSize + best;
            word.RemoveAt(position + 1);
        }
    }

    private static string[] MakePieces(IReadOnlyList<string> alphabet, IReadOnlyList<Merge> merges)
    {
        List<string> pieces = [.. alphabet];
        foreach (var merge in merges)
            pieces.Add(pieces[merge.Left] + pieces[merge.Right]);
        return [.. pieces];
    }

    /// <summary>Words of the marked text.</summary>
    private sealed class SpaceSplitter : PreTokenizer
    {
        public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
        {
            for (int start = 0; start < text.Length;)
            {
                int end = text.IndexOf(' ', start);
                if (end < 0)
                    end = text.Length;
                yield return (start, end - start);
                start = end + 1;
            }
        }

        public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());
    }
}
