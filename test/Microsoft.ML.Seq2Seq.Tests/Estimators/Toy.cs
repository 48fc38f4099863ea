using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Persistence;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Estimators;

/// <summary>A small task and a small model of it, trained once for all tests: letters in capitals.</summary>
internal static class Toy
{
    private static readonly Lazy<Seq2SeqTransformer> _model = new(() => new MLContext(1).Seq2Seq.Trainers.Transformer(Options()).Fit(View(Rows(800))));

    public static Seq2SeqTransformer Model => _model.Value;

    /// <summary>The model as libtorch computes it.</summary>
    public static TransformerModel Module()
    {
        using var lease = Model.Generator.Weights.Lease();
        using var weights = new MemoryStream();
        SafeTensors.Write(weights, lease.Model.Contents());
        weights.Position = 0;
        using var generator = new Generator(0, CPU);
        int vocabulary = Model.Generator.Codec.Source.VocabularySize;
        var architecture = Model.Configuration.Architecture;
        return Weights.Read(weights, architecture.Weights(vocabulary, vocabulary),
            () => (TransformerModel)architecture.CreateModel(vocabulary, vocabulary, generator));
    }

    public static TransformerTrainer.Options Options(Action<TransformerTrainer.Options>? change = null)
    {
        var options = new TransformerTrainer.Options
        {
            Architecture = new TransformerArchitecture
            {
                ModelDimension = 32,
                Heads = 2,
                EncoderLayers = 1,
                DecoderLayers = 1,
                FeedForwardDimension = 64,
                Dropout = 0,
            },
            Training = new TrainingOptions { MaxEpochs = 25, TokensPerBatch = 256, LearningRate = 0.005, WarmupSteps = 50 },
            Tokenization = new SubwordOptions { Kind = SubwordKind.Character },
        };
        change?.Invoke(options);
        return options;
    }

    /// <summary>A run of a step or two, where the outcome doesn't matter.</summary>
    public static TransformerTrainer.Options Brief(Action<TransformerTrainer.Options>? change = null) => Options(options =>
    {
        options.Training.MaxSteps = 2;
        change?.Invoke(options);
    });

    public static Row[] Rows(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            string source = new([.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => (char)('a' + random.Next(6)))]);
            return new Row { Source = source, Target = source.ToUpperInvariant(), Number = random.Next() };
        })];
    }

    public static IDataView View(IEnumerable<Row> rows) => new MLContext().Data.LoadFromEnumerable(rows);

    /// <summary>Texts of every kind that a table can hold.</summary>
    public static string?[] OddTexts => ["abc", "", null, " ", "\t\n", "🙂👩‍👩‍👧", "\ud83d", "a\udc00b", "日本語 العربية", "\0", "▁", new('x', 3000),
        string.Join(' ', Enumerable.Repeat("abc", 10_000)), "abc"];

    internal sealed class Row
    {
        public string? Source { get; set; } = "";

        public string? Target { get; set; } = "";

        public int Number { get; set; }
    }

    internal sealed class Prediction
    {
        public string PredictedTarget { get; set; } = "";

        public float Score { get; set; }

        public int Number { get; set; }
    }

    public static Prediction[] Scored(IDataView view) =>
        [.. new MLContext().Data.CreateEnumerable<Prediction>(view, reuseRowObject: false, ignoreMissingColumns: true)];

    /// <summary>As AutoML does when its time is over; ML.NET keeps it internal.</summary>
    public static void Cancel(MLContext context) => typeof(MLContext)
        .GetMethod("CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!.Invoke(context, null);

    public static string[] Texts(IDataView view, string column = "PredictedTarget") => [.. view.GetColumn<string>(column)];
}
