using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Persistence;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>
/// A transformer's part of a model file. Its entries are data alone, in formats that other tools read:
/// <c>config.json</c>, <c>report.json</c>, the vocabularies and <c>weights.safetensors</c>.
/// </summary>
internal static class ModelFile
{
    public const string LoaderSignature = "Seq2SeqTransformer";

    private const string ConfigurationEntry = "config.json";
    private const string ReportEntry = "report.json";
    private const string SharedVocabularyEntry = "vocabulary.json";
    private const string SourceVocabularyEntry = "source_vocabulary.json";
    private const string TargetVocabularyEntry = "target_vocabulary.json";
    private const string WeightsEntry = "weights.safetensors";

    // 0x00010001: initial
    // 0x00010002: the weights may be bfloat16, or integers with scales
    public static ModelFormat Format { get; } =
        new("SEQ2SEQT", LoaderSignature, typeof(ModelFile).Assembly, Written: 0x00010002, ReadableBy: 0x00010002);

    /// <summary>The format of a model: weights that old versions don't know are refused by them, others are not.</summary>
    public static ModelFormat FormatOf(ModelFormat format, ModelConfiguration configuration) =>
        configuration.Precision == InferencePrecision.Float32 ? format with { ReadableBy = 0x00010001 } : format;

    public static void Write(ModelWriter writer, TextGenerator generator, ModelConfiguration configuration, TrainingReport report)
    {
        // *** Binary format ***
        // int: 1 where source and target share one vocabulary, else 0
        // entries: config.json, report.json, vocabulary.json or source_ and target_vocabulary.json, weights.safetensors
        using var lease = generator.Weights.Lease();
        bool isShared = generator.Codec.Source == generator.Codec.Target;
        writer.WriteInt32(isShared ? 1 : 0);
        writer.WriteEntry(ConfigurationEntry, stream => ModelJson.Write(stream, configuration));
        writer.WriteEntry(ReportEntry, stream => ModelJson.Write(stream, report));
        writer.WriteEntry(isShared ? SharedVocabularyEntry : SourceVocabularyEntry, generator.Codec.Source.Save);
        if (!isShared)
            writer.WriteEntry(TargetVocabularyEntry, generator.Codec.Target.Save);
        writer.WriteEntry(WeightsEntry, stream => SafeTensors.Write(stream, lease.Model.Contents()), compress: false);
    }

    /// <exception cref="InvalidDataException">An entry is missing or damaged; the message names it.</exception>
    public static (TextGenerator Generator, ModelConfiguration Configuration, TrainingReport Report) Read(IHost host, ModelReader reader)
    {
        // Loading libtorch takes as long as reading the weights: both at once.
        var libtorch = Task.Run(NativePreflight.EnsureLoaded);
        bool isShared = reader.ReadInt32() != 0;
        var configuration = reader.ReadEntry(ConfigurationEntry, stream =>
        {
            var read = ModelJson.Read<ModelConfiguration>(stream);
            read.Validate();
            return read;
        });
        var report = reader.ReadEntry(ReportEntry, ModelJson.Read<TrainingReport>);
        var source = reader.ReadEntry(isShared ? SharedVocabularyEntry : SourceVocabularyEntry, SubwordTokenizer.Load);
        var target = isShared ? source : reader.ReadEntry(TargetVocabularyEntry, SubwordTokenizer.Load);
        if (!isShared && configuration.Architecture.ShareEmbeddings == EmbeddingSharing.All)
            throw new InvalidDataException("The model file has two vocabularies for an architecture whose embeddings are all one.");
        var codec = new TextCodec(source, target, configuration.MaximumTokens, configuration.OverflowPolicy);
        var settings = new HostSettings(host);
        // Weights that aren't float32 have no form on a GPU.
        bool isQuantized = configuration.Precision != InferencePrecision.Float32;
        var (model, device) = configuration.Architecture.Transformer is { } transformer && (isQuantized || settings.GpuDeviceId is null)
            ? (ReadPacked(reader, transformer, codec, configuration.Precision), null)
            : ReadModule(reader, configuration.Architecture, codec, settings, libtorch);
        libtorch.GetAwaiter().GetResult();
        return (new TextGenerator(new SharedModel(model), codec, device ?? torch.CPU), configuration, report);
    }

    private static ServedModel ReadPacked(
        ModelReader reader, TransformerArchitecture architecture, TextCodec codec, InferencePrecision precision)
    {
        var shapes = TransformerWeights.Of(architecture, codec.Source.VocabularySize, codec.Target.VocabularySize);
        var weights = reader.ReadEntry(WeightsEntry, stream => StoredWeights.Read(stream, shapes, precision));
        return new PackedModel(architecture, weights);
    }

    private static (ServedModel Model, Device? Device) ReadModule(
        ModelReader reader, ModelArchitecture architecture, TextCodec codec, HostSettings settings, Task libtorch)
    {
        libtorch.GetAwaiter().GetResult();
        var device = Devices.Resolve(settings.GpuDeviceId, settings.FallbackToCpu);
        using var generator = new Generator(0, torch.CPU);
        var (source, target) = (codec.Source.VocabularySize, codec.Target.VocabularySize);
        var model = reader.ReadEntry(WeightsEntry, stream =>
            Weights.Read(stream, architecture.Weights(source, target), () => architecture.CreateModel(source, target, generator)));
        try
        {
            model.to(device);
            return (ServedModel.Of(model), device);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
