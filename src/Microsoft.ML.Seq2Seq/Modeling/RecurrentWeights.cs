namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Names and shapes of a <see cref="RecurrentModel"/>'s weights, known without making one: what a file has to
/// hold. A test holds them equal to the model's.</summary>
internal static class RecurrentWeights
{
    /// <summary>In no particular order.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Of(RecurrentArchitecture architecture, int sourceVocabulary, int targetVocabulary)
    {
        long hidden = architecture.HiddenDimension, embedding = architecture.EmbeddingDimension;
        foreach (var weight in WeightShapes.Embeddings(architecture.ShareEmbeddings, sourceVocabulary, targetVocabulary, embedding))
            yield return weight;
        for (int i = 0; i < architecture.EncoderLayers; i++)
            foreach (string direction in new[] { "forward", "backward" })
                foreach (var weight in Layer($"encoder.layers.{i}.{direction}", architecture.Cell, i == 0 ? embedding : hidden, hidden / 2))
                    yield return weight;
        int stateParts = architecture.Cell == RecurrentCell.Lstm ? 2 : 1;
        foreach (var weight in WeightShapes.Linear("decoder.bridge", architecture.DecoderLayers * stateParts * hidden, hidden))
            yield return weight;
        long read = architecture.InputFeeding ? 2 * embedding : embedding;
        for (int i = 0; i < architecture.DecoderLayers; i++)
            foreach (var weight in Layer($"decoder.layers.{i}", architecture.Cell, i == 0 ? read : hidden, hidden))
                yield return weight;
        yield return ("decoder.alignment.key_weight", [hidden, hidden]);
        if (architecture.Attention == RecurrentAttention.Bahdanau)
        {
            yield return ("decoder.alignment.query_weight", [hidden, hidden]);
            yield return ("decoder.alignment.score_weight", [1, hidden]);
        }
        foreach (var weight in WeightShapes.Linear("decoder.readout", embedding, 2 * hidden))
            yield return weight;
    }

    private static IEnumerable<(string Name, long[] Shape)> Layer(string name, RecurrentCell cell, long inputs, long hidden)
    {
        long gates = (cell == RecurrentCell.Lstm ? 4 : 3) * hidden;
        return
        [
            ($"{name}.input_weight", [gates, inputs]),
            ($"{name}.hidden_weight", [gates, hidden]),
            ($"{name}.input_bias", [gates]),
            ($"{name}.hidden_bias", [gates]),
        ];
    }
}
