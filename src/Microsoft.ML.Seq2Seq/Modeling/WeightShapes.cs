namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Names and shapes of the weights that models of every kind have.</summary>
internal static class WeightShapes
{
    public static IEnumerable<(string Name, long[] Shape)> Embeddings(
        EmbeddingSharing sharing, int sourceVocabulary, int targetVocabulary, long width)
    {
        yield return ("source_embedding", [sourceVocabulary, width]);
        if (sharing != EmbeddingSharing.All)
            yield return ("target_embedding", [targetVocabulary, width]);
        if (sharing == EmbeddingSharing.None)
            yield return ("output_weight", [targetVocabulary, width]);
    }

    public static IEnumerable<(string Name, long[] Shape)> Linear(string name, long outputs, long inputs) =>
        [($"{name}.weight", [outputs, inputs]), ($"{name}.bias", [outputs])];
}
