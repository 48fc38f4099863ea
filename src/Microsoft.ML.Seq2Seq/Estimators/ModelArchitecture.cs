using System.Text.Json.Serialization;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Persistence;
using Microsoft.ML.Seq2Seq.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>The shape of a model of any kind: exactly one property is set.</summary>
internal sealed class ModelArchitecture
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TransformerArchitecture? Transformer { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RecurrentArchitecture? Recurrent { get; init; }

    [JsonIgnore]
    public EmbeddingSharing ShareEmbeddings => Recurrent?.ShareEmbeddings ?? Transformer!.ShareEmbeddings;

    /// <exception cref="ArgumentException">None or both are set, or a value is out of range.</exception>
    public void Validate()
    {
        int count = (Transformer is null ? 0 : 1) + (Recurrent is null ? 0 : 1);
        OptionCheck.That(count == 1, nameof(ModelArchitecture), $"{count} architectures",
            $"exactly one of {nameof(Transformer)} and {nameof(Recurrent)}");
        Transformer?.Validate();
        Recurrent?.Validate();
    }

    /// <summary>Checks that a model of this shape can be decoded with options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer or head.</exception>
    public void Validate(DecodingOptions options) =>
        options.ValidateAlignment(Transformer?.DecoderLayers ?? 1, Transformer?.Heads ?? 1); // a recurrent model attends once

    /// <summary>Names and shapes of a model's weights, known without making one.</summary>
    /// <param name="sourceVocabulary">Number of source tokens.</param>
    /// <param name="targetVocabulary">Number of target tokens.</param>
    public IEnumerable<(string Name, long[] Shape)> Weights(int sourceVocabulary, int targetVocabulary) => Recurrent is { } recurrent
        ? RecurrentWeights.Of(recurrent, sourceVocabulary, targetVocabulary)
        : TransformerWeights.Of(Transformer!, sourceVocabulary, targetVocabulary);

    /// <summary>Checks that every weight of a Transformer is less than 2 GB, for to predict it is held in one block.</summary>
    /// <inheritdoc cref="Weights"/>
    /// <exception cref="ArgumentException">One is larger; the message names it and the options that make it so.</exception>
    public void ValidateSize(int sourceVocabulary, int targetVocabulary)
    {
        if (Transformer is null)
            return;
        foreach (var (name, shape) in Weights(sourceVocabulary, targetVocabulary))
            if (new TensorEntry(name, ScalarType.Float32, shape).Bytes > int.MaxValue)
                throw new ArgumentException(
                    $"The weight '{name}' would be {string.Join(" × ", shape)} numbers of 4 bytes; allowed: less than 2 GB. " +
                    $"Choose a smaller {nameof(SubwordOptions.VocabularySize)}, {nameof(Transformer.ModelDimension)} or {nameof(Transformer.FeedForwardDimension)}.");
    }

    public ModelArchitecture Clone() => new() { Transformer = Transformer?.Clone(), Recurrent = Recurrent?.Clone() };

    /// <summary>A model with fresh weights, on the CPU.</summary>
    /// <param name="sourceVocabulary">Number of source tokens.</param>
    /// <param name="targetVocabulary">Number of target tokens.</param>
    /// <param name="generator">Draws the weights.</param>
    public SequenceModel CreateModel(int sourceVocabulary, int targetVocabulary, Generator generator) => Recurrent is { } recurrent
        ? new RecurrentModel(recurrent.Clone(), sourceVocabulary, targetVocabulary, generator)
        : new TransformerModel(Transformer!.Clone(), sourceVocabulary, targetVocabulary, generator);
}
