using Microsoft.ML.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>Stages made of trained models: <c>mlContext.Seq2Seq.Transforms</c>.</summary>
public sealed class Seq2SeqTransforms
{
    private readonly IHostEnvironment _environment;

    internal Seq2SeqTransforms(IHostEnvironment environment) => _environment = environment;

    /// <summary>Makes an estimator that turns texts into vectors by a trained model's encoder, for other trainers to learn
    /// from: <see cref="EmbeddingEstimator"/>. Vectors are computed as they are read: a trainer that reads its data several
    /// times has them computed each time, unless <c>AppendCacheCheckpoint(mlContext)</c> stands before it.</summary>
    /// <param name="model">A trained model; its weights are shared, and live until the last that uses them is
    /// disposed.</param>
    /// <param name="outputColumnName">The column of vectors to add.</param>
    /// <param name="inputColumnName">Text, or keys of the model's own source vocabulary; null:
    /// <paramref name="outputColumnName"/>.</param>
    /// <param name="pooling">How the states of a text's tokens become one vector.</param>
    /// <exception cref="ArgumentException">A name is empty or the pooling unknown.</exception>
    public EmbeddingEstimator Embed(
        Seq2SeqTransformer model, string outputColumnName, string? inputColumnName = null,
        EmbeddingPooling pooling = EmbeddingPooling.Mean) =>
        new(_environment, model, outputColumnName, inputColumnName ?? outputColumnName, pooling);
}
