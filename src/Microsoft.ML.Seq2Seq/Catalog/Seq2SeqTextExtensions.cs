using Microsoft.ML.Seq2Seq;
using Microsoft.ML.Seq2Seq.Interop;

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
            new(CatalogEnvironment.Of(catalog), outputColumnName, inputColumnName ?? outputColumnName, options ?? new());

        /// <summary>Makes an estimator that turns keys made by <c>LearnSubwords</c> back into text:
        /// <see cref="SubwordJoiningEstimator"/>.</summary>
        /// <param name="outputColumnName">The column of text to add.</param>
        /// <param name="inputColumnName">The keys; null: <paramref name="outputColumnName"/>.</param>
        /// <exception cref="ArgumentException">A name is empty.</exception>
        public SubwordJoiningEstimator JoinSubwords(string outputColumnName, string? inputColumnName = null) =>
            new(CatalogEnvironment.Of(catalog), outputColumnName, inputColumnName ?? outputColumnName);
    }
}
