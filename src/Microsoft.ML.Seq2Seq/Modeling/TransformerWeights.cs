namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Names and shapes of a <see cref="TransformerModel"/>'s weights, known without making one: what a file has to
/// hold. A test holds them equal to the model's.</summary>
internal static class TransformerWeights
{
    /// <summary>In the order of the model's parameters.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Of(TransformerArchitecture architecture, int sourceVocabulary, int targetVocabulary)
    {
        long model = architecture.ModelDimension;
        foreach (var weight in WeightShapes.Embeddings(architecture.ShareEmbeddings, sourceVocabulary, targetVocabulary, model))
            yield return weight;
        foreach (string side in new[] { "encoder", "decoder" })
        {
            if (architecture.PositionalEncoding == PositionalEncodingKind.Learned)
                yield return ($"{side}_positions.table", [LearnedPositions.LastPosition + 1, model]);
            if (architecture.PositionalEncoding == PositionalEncodingKind.Relative)
                yield return ($"{side}_positions.bias", [RelativePositions.Buckets, architecture.Heads]);
            for (int i = 0; i < (side == "encoder" ? architecture.EncoderLayers : architecture.DecoderLayers); i++)
                foreach (var weight in Layer($"{side}.{i}", architecture, attendsToSource: side == "decoder"))
                    yield return weight;
            if (architecture.NormPlacement == NormPlacement.Pre)
                foreach (var weight in Norm($"{side}_norm", architecture))
                    yield return weight;
        }
    }

    private static IEnumerable<(string Name, long[] Shape)> Layer(string name, TransformerArchitecture architecture, bool attendsToSource)
    {
        long model = architecture.ModelDimension, inner = architecture.FeedForwardDimension;
        long keys = (architecture.KeyValueHeads ?? architecture.Heads) * (model / architecture.Heads);
        bool isGated = architecture.Activation is ActivationKind.GeGlu or ActivationKind.SwiGlu;
        IEnumerable<(string Name, long[] Shape)> Attention(string attention) =>
        [
            .. WeightShapes.Linear($"{name}.{attention}.query_key_value", model + 2 * keys, model),
            .. WeightShapes.Linear($"{name}.{attention}.output", model, model),
            .. Norm($"{name}.{attention}_residual.norm", architecture),
        ];
        return
        [
            .. Attention("self_attention"),
            .. attendsToSource ? Attention("cross_attention") : [],
            .. WeightShapes.Linear($"{name}.feed_forward.input", isGated ? 2 * inner : inner, model),
            .. WeightShapes.Linear($"{name}.feed_forward.output", model, inner),
            .. Norm($"{name}.feed_forward_residual.norm", architecture),
        ];
    }

    private static IEnumerable<(string Name, long[] Shape)> Norm(string name, TransformerArchitecture architecture)
    {
        yield return ($"{name}.weight", [architecture.ModelDimension]);
        if (architecture.Normalization == NormalizationKind.LayerNorm)
            yield return ($"{name}.bias", [architecture.ModelDimension]);
    }
}
