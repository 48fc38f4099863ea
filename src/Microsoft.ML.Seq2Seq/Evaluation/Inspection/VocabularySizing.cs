using Microsoft.ML.Seq2Seq.Tokenization;

namespace Microsoft.ML.Seq2Seq.Evaluation;

/// <summary>What smaller vocabularies of byte-pair encoding would be like, given a large one: each is the large one without its
/// last merges.</summary>
internal static class VocabularySizing
{
    /// <summary>Learned tokens that should be seen often (Gowda and May 2020).</summary>
    public const double WantedShare = 0.95;

    /// <summary>How often each learned token occurs, by itself or within longer ones. Gowda and May count tokens by themselves;
    /// but of merges on the way to longer ones nothing may be left, which says nothing against the vocabulary's
    /// size.</summary>
    /// <param name="counts">Occurrences of tokens by themselves, by id.</param>
    public static long[] Occurrences(SubwordTokenizer tokenizer, ReadOnlySpan<long> counts)
    {
        if (tokenizer is not BytePairTokenizer { AlphabetSize: var alphabet, Merges: var merges })
            return counts[SpecialTokens.FirstText..].ToArray();
        long[] pieces = counts[BytePairTokenizer.FirstPiece..].ToArray();
        for (int rank = merges.Count - 1; rank >= 0; rank--)
        {
            pieces[merges[rank].Left] += pieces[alphabet + rank];
            pieces[merges[rank].Right] += pieces[alphabet + rank];
        }
        return pieces;
    }

    /// <summary>The largest size at which 95 % of the learned tokens are seen often; null where no size is small
    /// enough.</summary>
    /// <param name="occurrences">Of the large vocabulary's learned tokens: those of a smaller one are the same.</param>
    /// <param name="wanted">Occurrences that are often.</param>
    public static int? Largest(BytePairTokenizer tokenizer, ReadOnlySpan<long> occurrences, double wanted)
    {
        int often = 0, largest = 0;
        for (int i = 0; i < occurrences.Length; i++)
        {
            often += occurrences[i] >= wanted ? 1 : 0;
            if (i + 1 >= tokenizer.AlphabetSize && often >= WantedShare * (i + 1))
                largest = i + 1;
        }
        return largest > 0 ? BytePairTokenizer.FirstPiece + largest : null;
    }

    /// <summary>The vocabulary that would have been learned at a smaller size; null where its alphabet would be another, so
    /// that it has to be learned anew.</summary>
    public static BytePairTokenizer? Shrink(BytePairTokenizer tokenizer, int vocabularySize)
    {
        if (tokenizer.VocabularySize <= vocabularySize)
            return tokenizer;
        int learned = vocabularySize - tokenizer.Symbols.Count, merges = learned - BytePairTokenizer.FirstPiece - tokenizer.AlphabetSize;
        return tokenizer.AlphabetSize - 1 <= SubwordLearner.LargestAlphabet(learned) && merges >= 0
            ? new BytePairTokenizer(tokenizer.Preparation, [.. tokenizer.Pieces[..tokenizer.AlphabetSize]], [.. tokenizer.Merges.Take(merges)], tokenizer.Symbols)
            : null;
    }
}
