using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Seq2Seq;

namespace FreshProcess;

/// <summary>A training run to be killed at any moment and continued.</summary>
internal static class Training
{
    private const int Seed = 7;

    /// <summary>Trains, from the newest checkpoint of the folder if there is one.</summary>
    /// <returns>The hash of the weights and every point of the curve, to the last bit.</returns>
    public static string Run(string checkpoints)
    {
        var ml = new MLContext(Seed);
        var rows = ml.Data.LoadFromEnumerable(Rows(200));
        using var model = ml.Seq2Seq.Trainers.Transformer(new TransformerTrainer.Options
        {
            Architecture = new TransformerArchitecture
            {
                ModelDimension = 32,
                Heads = 2,
                EncoderLayers = 1,
                DecoderLayers = 1,
                FeedForwardDimension = 64,
                Dropout = 0.2,
            },
            Tokenization = new SubwordOptions { Kind = SubwordKind.Character },
            Training = new TrainingOptions
            {
                MaxSteps = 300,
                MaxEpochs = 1000,
                TokensPerBatch = 256,
                ValidateEverySteps = 50,
                ExponentialMovingAverage = 0.99,
                CheckpointDirectory = checkpoints,
                CheckpointEverySteps = 1, // so that many a kill hits one being written
            },
        }).Fit(rows);
        using var file = new MemoryStream();
        ml.Model.Save(model, rows.Schema, file);
        var lines = model.Report.Curve.Select(point => string.Create(
            CultureInfo.InvariantCulture, $"{point.Step} {point.TrainLoss:r} {point.ValidationLoss:r} {point.LearningRate:r}"));
        return string.Join('\n', lines.Prepend(Weights(file)));
    }

    private static string Weights(Stream file)
    {
        using var zip = new ZipArchive(file, ZipArchiveMode.Read);
        using var weights = zip.Entries.Single(entry => entry.Name == "weights.safetensors").Open();
        return Convert.ToHexString(SHA256.HashData(weights));
    }

    private static IEnumerable<Pair> Rows(int count)
    {
        var random = new Random(Seed);
        for (int i = 0; i < count; i++)
        {
            string source = new([.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => (char)('a' + random.Next(6)))]);
            yield return new Pair { Source = source, Target = source.ToUpperInvariant() };
        }
    }

    private sealed class Pair
    {
        public string Source { get; set; } = "";

        public string Target { get; set; } = "";
    }
}
