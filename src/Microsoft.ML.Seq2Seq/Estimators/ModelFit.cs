using System.Reflection;
using Microsoft.ML.Runtime;
using Microsoft.ML.Seq2Seq.Inference;
using Microsoft.ML.Seq2Seq.Interop;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;
using Microsoft.ML.Seq2Seq.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>One run of a trainer, from data views to a transformer; it knows no architecture.</summary>
/// <param name="host">The trainer's.</param>
/// <param name="options">Validated, and not to change any more.</param>
/// <param name="architecture">The shape of the model.</param>
internal sealed class ModelFit(IHost host, Seq2SeqTrainerOptions options, ModelArchitecture architecture)
{
    private readonly HostSettings _settings = new(host);
    private readonly TrainingOptions _training = RunFolder.Apply(options.Training);

    private Cancellation Cancellation => new(_training.CancellationToken, _settings);

    /// <inheritdoc cref="TransformerTrainer.Fit(IDataView, IDataView)"/>
    public Seq2SeqTransformer Run(IDataView trainData, IDataView? validationData)
    {
        ArgumentNullException.ThrowIfNull(trainData);
        NativePreflight.EnsureLoaded();
        OptionCheck.WritableFolder(nameof(TrainingOptions.CheckpointDirectory), _training.CheckpointDirectory);
        OptionCheck.WritableFolder(nameof(TrainingOptions.TensorBoardDirectory), _training.TensorBoardDirectory);
        int seed = _settings.Seed ?? CheckpointStore.FindSeed(_training) ?? Random.Shared.Next();
        using var data = TrainingData.Read(host, trainData, validationData, options, seed, Cancellation);
        return Run(data, seed);
    }

    /// <summary>Trains on rows that were read before.</summary>
    /// <param name="data">Read with options that differ in nothing but the architecture and the training.</param>
    /// <param name="seed">That of the rows.</param>
    /// <param name="watchers">Observers beside those that the options ask for.</param>
    public Seq2SeqTransformer Run(TrainingData data, int seed, params IReadOnlyList<ITrainingObserver> watchers)
    {
        using var channel = host.Start("Training");
        using var progress = host.StartProgressChannel("Training");
        var device = Devices.Resolve(_settings.GpuDeviceId, _settings.FallbackToCpu);
        if (architecture.Recurrent is not null || device.type != DeviceType.CPU)
            ServedModule.RequireSupport(options.Decoding.Precision);
        Describe(channel, data, device);

        var model = CreateModel(data.Codec, seed, device);
        var inTraining = new SharedModel(model);
        try
        {
            inTraining.AddOwner();
            var validator = new Validator(new TextGenerator(inTraining, data.Codec, device), data.ValidationTexts, options.Decoding,
                () => Cancellation.IsRequested);
            using var tensorBoard = _training.TensorBoardDirectory is { } directory
                ? new TensorBoardObserver(directory, validator.Samples)
                : null;
            var observers = Observers(channel, progress, validator);
            if (tensorBoard is not null)
                observers.Add(tensorBoard);
            observers.AddRange(watchers);
            var run = Train(model, data, seed, validator, observers);
            var report = Report(data, model, run, seed, device);
            var trained = new TextGenerator(new SharedModel(ServedModel.Of(model)), data.Codec, device);
            return new Seq2SeqTransformer(host, trained, Configuration(data), report);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static void Describe(IChannel channel, TrainingData rows, Device device)
    {
        var data = rows.Statistics;
        channel.Info(MessageSensitivity.None,
            "Training on {0} rows ({1} source and {2} target tokens), validating on {3}, on {4}; vocabulary: {5} source, {6} target",
            data.TrainingRows, data.SourceTokens, data.TargetTokens, data.ValidationRows, device.ToString(),
            data.SourceVocabulary, data.TargetVocabulary);
        channel.Trace(MessageSensitivity.None, "The training rows take {0} KB", rows.Training.Bytes >> 10);
        if (data.SkippedRows + data.DroppedRows + data.TruncatedRows > 0)
            channel.Warning(MessageSensitivity.None, "{0} rows without text left out, {1} over-long rows left out, {2} cut by {3} tokens",
                data.SkippedRows, data.DroppedRows, data.TruncatedRows, data.TokensCut);
    }

    private SequenceModel CreateModel(TextCodec codec, int seed, Device device)
    {
        OptionCheck.That(architecture.ShareEmbeddings != EmbeddingSharing.All || codec.Source == codec.Target,
            nameof(architecture.ShareEmbeddings), architecture.ShareEmbeddings,
            $"{EmbeddingSharing.None} or {EmbeddingSharing.DecoderInputOutput} where source and target have different vocabularies");
        architecture.ValidateSize(codec.Source.VocabularySize, codec.Target.VocabularySize);
        using var generator = new Generator(SplitMix64.Combine((ulong)seed, 0x1217), torch.CPU);
        var model = architecture.CreateModel(codec.Source.VocabularySize, codec.Target.VocabularySize, generator);
        model.to(device);
        return model;
    }

    private TrainingRun Train(
        SequenceModel model, TrainingData data, int seed, Validator validator, IReadOnlyList<ITrainingObserver> observers)
    {
        var cancellation = Cancellation;
        return new TrainingLoop(model, data.Training, data.Validation, _training, seed, () => cancellation.IsRequested, observers)
        {
            Scorer = validator.Scorer(_training.ValidationMetric),
            Sampling = data.Sampling,
        }.Run();
    }

    private List<ITrainingObserver> Observers(
        IChannel channel, IProgressChannel progressChannel, Validator validator)
    {
        List<ITrainingObserver> observers = [new ChannelObserver(channel, progressChannel)];
        if (_training.EarlyStoppingPatience is { } patience)
            observers.Add(new EarlyStopping(patience));
        if (_training.Progress is { } progress)
            observers.Add(new ProgressObserver(progress, validator.Samples));
        return observers;
    }

    private ModelConfiguration Configuration(TrainingData data) => new()
    {
        Columns = options.Columns,
        WritesKeys = data.AreKeys,
        Architecture = architecture.Clone(),
        MaximumTokens = options.Tokenization.MaximumTokens,
        OverflowPolicy = options.Tokenization.OverflowPolicy,
        Decoding = options.Decoding.Clone(),
    };

    private TrainingReport Report(
        TrainingData data, SequenceModel model, TrainingRun run, int seed, Device device) => new()
        {
            Data = data.Statistics,
            Parameters = model.parameters().Sum(parameter => parameter.numel()),
            Steps = run.Step,
            Epochs = run.Epoch,
            SkippedSteps = run.SkippedSteps,
            SplitBatches = run.SplitBatches,
            RowsLeftOut = run.RowsLeftOut,
            Duration = run.Elapsed,
            StopReason = run.StopReason ?? "",
            BestValidationLoss = run.BestValidationLoss,
            FinalMetrics = FinalMetrics(run),
            Settings = ReportedSettings.Of(options),
            Curve = run.Curve,
            Seed = seed,
            Device = device.ToString(),
            Versions = new Dictionary<string, string>
            {
                ["Microsoft.ML.Seq2Seq"] = Version(typeof(ModelFit)),
                ["Microsoft.ML"] = Version(typeof(MLContext)),
                ["TorchSharp"] = Version(typeof(torch)),
                ["libtorch"] = torch.__version__,
                [".NET"] = Environment.Version.ToString(),
            },
        };

    private Dictionary<string, double> FinalMetrics(TrainingRun run)
    {
        var metrics = new Dictionary<string, double>();
        if (run is not { BestValidationLoss: { } loss, BestScore: { } score })
            return metrics;
        metrics["Loss"] = loss;
        metrics["Perplexity"] = Math.Exp(loss);
        if (_training.ValidationMetric is not ValidationMetric.Loss and var metric)
            metrics[metric.ToString()] = score;
        return metrics;
    }

    private static string Version(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
}
