using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Interop;
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
    public static ModelFormat Format { get; } = new("SEQ2SEQT", LoaderSignature, typeof(ModelFile).Assembly.FullName!);

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
        writer.WriteEntry(WeightsEntry, stream => Weights.Write(stream, lease.Model));
    }

    /// <exception cref="InvalidDataException">An entry is missing or damaged; the message names it.</exception>
    public static (TextGenerator Generator, ModelConfiguration Configuration, TrainingReport Report) Read(IHost host, ModelReader reader)
    {
        NativePreflight.EnsureLoaded();
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
        var settings = new HostSettings(host);
        var device = Devices.Resolve(settings.GpuDeviceId, settings.FallbackToCpu);

        using var generator = new Generator(0, torch.CPU);
        var model = configuration.Architecture.CreateModel(source.VocabularySize, target.VocabularySize, generator);
        try
        {
            reader.ReadEntry(WeightsEntry, stream =>
            {
                Weights.Read(stream, model);
                return true;
            });
            model.to(device);
        }
        catch
        {
            model.Dispose();
            throw;
        }
        var codec = new TextCodec(source, target, configuration.MaximumTokens, configuration.OverflowPolicy);
        return (new TextGenerator(new SharedModel(model), codec, device), configuration, report);
    }
}
