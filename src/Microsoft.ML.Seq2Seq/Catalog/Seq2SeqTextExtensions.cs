using Microsoft.ML.Seq2Seq;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML;

/// <summary>Adds subwords to <c>mlContext.Transforms.Text</c>.</summary>
public static class Seq2SeqTextExtensions
{
    extension(TransformsCatalog.TextTransforms catalog)
    {
        /// <summary>Makes an estimator that learns a vocabulary of subwords from a text column and turns texts into keys:
        /// <see cref="SubwordEstimator"/>.</summary>
        /// <param name="outputColumnName">The column of keys to add.</param>
        /// <param name="inputColumnName">The text; null: <paramref name="outputColumnName"/>.</param>
        /// <param name="options">How the vocabulary is learned; copied. Null: the defaults.</param>
        /// <exception cref="ArgumentException">A name is empty or an option out of range.</exception>
        public SubwordEstimator LearnSubwords(string outputColumnName, string? inputColumnName = null, SubwordOptions? options = null) =>
            new(CatalogEnvironment.Of(catalog), [Pair(outputColumnName, inputColumnName)], options ?? new());

        /// <summary>Makes an estimator that learns a vocabulary of subwords from several text columns, one for all unless
        /// <see cref="SubwordOptions.SharedVocabulary"/> is false, and turns texts into keys:
        /// <see cref="SubwordEstimator"/>.</summary>
        /// <param name="columns">The columns of keys to add, and the texts they are made of; copied.</param>
        /// <param name="options">How the vocabulary is learned; copied. Null: the defaults.</param>
        /// <exception cref="ArgumentException">There are no columns, two of one name, or an option is out of range.</exception>
        public SubwordEstimator LearnSubwords(InputOutputColumnPair[] columns, SubwordOptions? options = null) =>
            new(CatalogEnvironment.Of(catalog), columns, options ?? new());

        /// <summary>Makes an estimator that turns texts into keys of a vocabulary that was made elsewhere: the short form of
        /// <c>LearnSubwords</c> with <see cref="SubwordOptions.VocabularyFile"/>, which says what is read.</summary>
        /// <param name="outputColumnName">The column of keys to add.</param>
        /// <param name="vocabularyFile">A SentencePiece model, a <c>tokenizer.json</c>, or a <c>vocab.json</c>; read when the
        /// estimator is fitted.</param>
        /// <param name="inputColumnName">The text; null: <paramref name="outputColumnName"/>.</param>
        /// <param name="mergesFile">The <c>merges.txt</c> that belongs to a <c>vocab.json</c>.</param>
        /// <exception cref="ArgumentException">A name is empty.</exception>
        public SubwordEstimator ImportSubwords(
            string outputColumnName, string vocabularyFile, string? inputColumnName = null, string? mergesFile = null)
        {
            OptionCheck.NotNull(nameof(vocabularyFile), vocabularyFile);
            return new(CatalogEnvironment.Of(catalog), [Pair(outputColumnName, inputColumnName)],
                new() { VocabularyFile = vocabularyFile, MergesFile = mergesFile });
        }

        /// <summary>Makes an estimator that turns keys made by <c>LearnSubwords</c> back into text:
        /// <see cref="SubwordJoiningEstimator"/>.</summary>
        /// <param name="outputColumnName">The column of text to add.</param>
        /// <param name="inputColumnName">The keys; null: <paramref name="outputColumnName"/>.</param>
        /// <exception cref="ArgumentException">A name is empty.</exception>
        public SubwordJoiningEstimator JoinSubwords(string outputColumnName, string? inputColumnName = null) =>
            new(CatalogEnvironment.Of(catalog), outputColumnName, inputColumnName ?? outputColumnName);
    }

    private static InputOutputColumnPair Pair(string outputColumnName, string? inputColumnName)
    {
        OptionCheck.ColumnName(nameof(outputColumnName), outputColumnName);
        return new(outputColumnName, inputColumnName);
    }
}
