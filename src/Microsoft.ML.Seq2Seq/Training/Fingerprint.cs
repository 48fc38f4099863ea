using System.Globalization;
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
            // How its batches make updates was another before.
            ["subword dropout"] = sampling is null ? "0" : string.Create(CultureInfo.InvariantCulture, $"{sampling.Dropout}, batches 2"),
            ["training rows"] = training.Fingerprint(),
            ["validation rows"] = validation.Fingerprint(),
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
}
