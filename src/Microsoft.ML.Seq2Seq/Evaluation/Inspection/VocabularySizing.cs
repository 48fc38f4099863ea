using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>What smaller vocabularies of byte-pair encoding would make of the text that a large one was learned from: each is
/// the large one without its last merges.</summary>
internal static class VocabularySizing
{
    /// <summary>Learned tokens that should be seen often (Gowda and May 2020).</summary>
    public const double WantedShare = 0.95;

    /// <summary>The largest size at which 95 % of the learned tokens are seen often; null where no size is small
    /// enough.</summary>
    /// <param name="counts">Occurrences of the large vocabulary's tokens, by id.</param>
    /// <param name="wanted">Occurrences that are often.</param>
    /// <remarks>A merge that is undone gives its occurrences to its two parts, so that no text has to be encoded
    /// anew.</remarks>
    public static int? Largest(BytePairTokenizer tokenizer, ReadOnlySpan<long> counts, double wanted)
    {
        long[] pieces = counts[BytePairTokenizer.FirstPiece..].ToArray();
        int often = pieces.Count(count => count >= wanted);
        for (int rank = tokenizer.Merges.Count - 1; ; rank--)
        {
            int size = tokenizer.AlphabetSize + rank + 1;
            if (often >= WantedShare * size)
                return BytePairTokenizer.FirstPiece + size;
            if (rank < 0)
                return null;
            long count = pieces[size - 1];
            often -= count >= wanted ? 1 : 0;
            foreach (int part in new[] { tokenizer.Merges[rank].Left, tokenizer.Merges[rank].Right })
            {
                bool was = pieces[part] >= wanted;
                pieces[part] += count;
                often += !was && pieces[part] >= wanted ? 1 : 0;
            }
        }
    }

    /// <summary>The vocabulary that would have been learned at a smaller size; null where its alphabet would be another, so
    /// that it has to be learned anew.</summary>
    public static BytePairTokenizer? Shrink(BytePairTokenizer tokenizer, int vocabularySize)
    {
        if (tokenizer.VocabularySize <= vocabularySize)
            return tokenizer;
        int merges = vocabularySize - BytePairTokenizer.FirstPiece - tokenizer.AlphabetSize;
        return tokenizer.AlphabetSize - 1 <= SubwordLearner.LargestAlphabet(vocabularySize) && merges >= 0
            ? new BytePairTokenizer(tokenizer.Preparation, [.. tokenizer.Pieces[..tokenizer.AlphabetSize]], [.. tokenizer.Merges.Take(merges)])
            : null;
    }
}
