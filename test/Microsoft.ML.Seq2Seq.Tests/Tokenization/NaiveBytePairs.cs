using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Tests.Tokenization;

/// <summary>Byte-pair encoding as its definition says, without a thought of speed.</summary>
internal static class NaiveBytePairs
{
    /// <summary>Counts all pairs anew for each merge; of the most frequent takes the last in ordinal order.</summary>
    public static List<(string Left, string Right)> Learn(
        IEnumerable<(string[] Symbols, long Count)> words, int maximumPieces, long minimumFrequency)
    {
        var texts = words.Select(word => (Symbols: word.Symbols.ToList(), word.Count)).ToList();
        var pieces = texts.SelectMany(word => word.Symbols).ToHashSet();
        var merges = new List<(string Left, string Right)>();
        while (pieces.Count < maximumPieces)
        {
            var counts = new Dictionary<(string Left, string Right), long>();
            foreach (var (symbols, count) in texts)
            {
                for (int i = 0; i + 1 < symbols.Count; i++)
                    counts[(symbols[i], symbols[i + 1])] = counts.GetValueOrDefault((symbols[i], symbols[i + 1])) + count;
            }
            if (counts.Count == 0)
                break;
            var best = counts.OrderByDescending(pair => pair.Value)
                .ThenByDescending(pair => pair.Key.Left, StringComparer.Ordinal)
                .ThenByDescending(pair => pair.Key.Right, StringComparer.Ordinal).First();
            if (best.Value < minimumFrequency)
                break;
            merges.Add(best.Key);
            pieces.Add(best.Key.Left + best.Key.Right);
            foreach (var (symbols, _) in texts)
            {
                for (int i = 0; i + 1 < symbols.Count; i++)
                {
                    if ((symbols[i], symbols[i + 1]) == best.Key)
                    {
                        symbols[i] += symbols[i + 1];
                        symbols.RemoveAt(i + 1);
                    }
                }
            }
        }
        return merges;
    }

    /// <summary>Ids of a text: while neighbours have a merge, the earliest learned, leftmost, is made.</summary>
    public static List<int> Encode(BytePairTokenizer tokenizer, string text)
    {
        if (text.Length == 0)
            return [];
        string[] pieces = tokenizer.Pieces.ToArray();
        var ranks = tokenizer.Merges.Select((merge, rank) => (Pair: (pieces[merge.Left], pieces[merge.Right]), rank))
            .ToDictionary(merge => merge.Pair, merge => merge.rank);
        var alphabet = new Alphabet(pieces.Take(tokenizer.AlphabetSize).Select(piece => char.ConvertToUtf32(piece, 0)));
        var ids = new List<int>();
        foreach (string word in MarkedText.Mark(text, alphabet, singleSymbols: false).Split(' '))
        {
            var symbols = new List<string>();
            for (int i = 0; i < word.Length; i++)
                symbols.Add(Utf16.IsPair(word, i) ? word.Substring(i++, 2) : word[i].ToString());
            while (true)
            {
                int best = -1, bestRank = int.MaxValue;
                for (int i = 0; i + 1 < symbols.Count; i++)
                {
                    if (ranks.TryGetValue((symbols[i], symbols[i + 1]), out int rank) && rank < bestRank)
                        (best, bestRank) = (i, rank);
                }
                if (best < 0)
                    break;
                symbols[best] += symbols[best + 1];
                symbols.RemoveAt(best + 1);
            }
            ids.AddRange(symbols.Select(symbol => symbol is [>= '\uDC00' and <= '\uDCFF' and var value]
                ? SpecialTokens.FirstText + (value - 0xDC00)
                : BytePairTokenizer.FirstPiece + Array.IndexOf(pieces, symbol)));
        }
        return ids;
    }
}
