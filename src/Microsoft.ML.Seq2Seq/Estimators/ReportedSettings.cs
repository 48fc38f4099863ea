using System.Collections;
using System.Globalization;
using System.Reflection;

namespace Microsoft.ML.Seq2Seq.Estimators;

/// <summary>The options of a run as text, for its report.</summary>
internal static class ReportedSettings
{
    /// <summary>What is no setting of the model: objects of the program, and folders of the machine that trained it, which
    /// may be somebody's name.</summary>
    private static readonly HashSet<string> _hidden =
    [
        nameof(TrainingOptions.Progress), nameof(TrainingOptions.CancellationToken), nameof(TrainingOptions.CheckpointDirectory),
        nameof(TrainingOptions.TensorBoardDirectory), nameof(Seq2SeqTrainerOptions.ValidationSet),
    ];

    /// <summary>Paths of files, of which the folders are hidden alike.</summary>
    private static readonly HashSet<string> _files = [nameof(SubwordOptions.VocabularyFile), nameof(SubwordOptions.MergesFile)];

    /// <summary>Every public option by its path, such as <c>Training.MaxEpochs</c>.</summary>
    public static SortedDictionary<string, string> Of(Seq2SeqTrainerOptions options)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Add(settings, options, "");
        return settings;
    }

    private static void Add(SortedDictionary<string, string> settings, object options, string prefix)
    {
        foreach (var property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (_hidden.Contains(property.Name))
                continue;
            object? value = property.GetValue(options);
            if (value is string path && _files.Contains(property.Name))
                value = Path.GetFileName(path);
            if (value is SubwordOptions or TrainingOptions or DecodingOptions or TransformerArchitecture or RecurrentArchitecture)
                Add(settings, value, prefix + property.Name + ".");
            else
                settings[prefix + property.Name] = Text(value);
        }
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        string text => text,
        ICollection texts => string.Create(CultureInfo.InvariantCulture, $"{texts.Count} texts"),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
