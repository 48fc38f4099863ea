using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;

namespace Microsoft.ML.Seq2Seq.Training;

/// <summary>What must be the same for one run to continue another, by name.</summary>
internal static class Fingerprint
{
    /// <summary>Options that do not change what a step does.</summary>
    private static readonly HashSet<string> _free =
    [
        nameof(TrainingOptions.MaxDuration), nameof(TrainingOptions.Threads), nameof(TrainingOptions.Progress),
        nameof(TrainingOptions.CancellationToken), nameof(TrainingOptions.CheckpointDirectory),
        nameof(TrainingOptions.CheckpointEverySteps), nameof(TrainingOptions.KeepCheckpoints), nameof(TrainingOptions.Resume),
        nameof(TrainingOptions.TensorBoardDirectory), nameof(TrainingOptions.GradientCheckpointing),
    ];

    public static SortedDictionary<string, string> Of(
        SequenceModel model, EncodedPairs training, EncodedPairs validation, TrainingOptions options, int seed, SubwordSampling? sampling)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["seed"] = seed.ToString(CultureInfo.InvariantCulture),
            ["subword dropout"] = (sampling?.Dropout ?? 0).ToString(CultureInfo.InvariantCulture),
            ["training rows"] = Hash(training),
            ["validation rows"] = Hash(validation),
            ["weights"] = string.Join(", ", model.named_parameters()
                .Select(named => $"{named.name} {string.Join('x', named.parameter.shape)}")),
        };
        foreach (object settings in new[] { options, model.Settings })
            foreach (var property in settings.GetType().GetProperties().Where(property => !_free.Contains(property.Name)))
                values[property.Name] = Convert.ToString(property.GetValue(settings), CultureInfo.InvariantCulture) is { Length: > 0 } value
                    ? value
                    : "null";
        return values;
    }

    private static string Hash(EncodedPairs pairs)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<int> lengths = stackalloc int[2];
        for (int i = 0; i < pairs.Count; i++)
        {
            lengths[0] = pairs.SourceLength(i);
            lengths[1] = pairs.TargetLength(i);
            hash.AppendData(MemoryMarshal.AsBytes(lengths));
            hash.AppendData(MemoryMarshal.AsBytes(pairs.Source(i)));
            hash.AppendData(MemoryMarshal.AsBytes(pairs.Target(i)));
        }
        return $"{pairs.Count} with hash {Convert.ToHexString(hash.GetHashAndReset().AsSpan(0, 8))}";
    }
}
