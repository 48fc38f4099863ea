using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.Seq2Seq.Persistence;

namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>A number that a study ends with.</summary>
/// <param name="Name">What was measured, on what.</param>
/// <param name="Value">The number.</param>
/// <param name="Note">How, such as sacreBLEU's signature.</param>
internal sealed record StudyScore(string Name, double Value, string Note);

/// <summary>What a run came to: written once, for a program in <c>results.json</c> and for people in
/// <c>results.md</c>.</summary>
internal sealed record StudyResult
{
    private static readonly JsonSerializerOptions _json = new()
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public required string Study { get; init; }

    /// <summary>What was trained, in a sentence.</summary>
    public required string Recipe { get; init; }

    public required IReadOnlyList<StudyScore> Scores { get; init; }

    public required int Seed { get; init; }

    public required DataStatistics Data { get; init; }

    public required long Parameters { get; init; }

    public required long Steps { get; init; }

    public required int Epochs { get; init; }

    public required string StopReason { get; init; }

    /// <summary>The lowest, which is that of the model scored, unless the recipe chooses by another metric.</summary>
    public required double? BestValidationLoss { get; init; }

    /// <summary>Wall time of training over all resumes, validation included.</summary>
    public required double TrainingSeconds { get; init; }

    /// <summary>Processor time of training, likewise: what the wall time would be on one quiet core.</summary>
    public required double ProcessorSeconds { get; init; }

    public required double TokensPerSecond { get; init; }

    public required int Threads { get; init; }

    public required IReadOnlyDictionary<string, string> Versions { get; init; }

    public required IReadOnlyList<CurvePoint> Curve { get; init; }

    public static StudyResult Of(StudyRun run, string study, string recipe, IReadOnlyList<StudyScore> scores)
    {
        var report = run.Model.Report;
        return new StudyResult
        {
            Study = study,
            Recipe = recipe,
            Scores = scores,
            Seed = report.Seed,
            Data = report.Data,
            Parameters = report.Parameters,
            Steps = report.Steps,
            Epochs = report.Epochs,
            StopReason = report.StopReason,
            BestValidationLoss = report.BestValidationLoss,
            TrainingSeconds = report.Duration.TotalSeconds,
            ProcessorSeconds = run.Curve[^1].ProcessorSeconds,
            TokensPerSecond = run.Curve[^1].TokensPerSecond,
            Threads = TorchSharp.torch.get_num_threads(),
            Versions = report.Versions,
            Curve = run.Curve,
        };
    }

    /// <summary>What a folder's run comes to: made and written down once, since test rows are to be scored once; prints
    /// it.</summary>
    public static StudyResult Once(string folder, Func<StudyResult> make)
    {
        string path = Path.Combine(folder, "results.json");
        StudyResult result;
        if (File.Exists(path))
            result = JsonSerializer.Deserialize<StudyResult>(File.ReadAllText(path), _json)!;
        else
        {
            result = make();
            AtomicFile.Write(Path.Combine(folder, "results.md"), stream => stream.Write(Encoding.UTF8.GetBytes(result.ToMarkdown())));
            AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, result, _json));
        }
        Console.Write(result.ToMarkdown());
        return result;
    }

    private string ToMarkdown()
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"# {Study}\n");
        Line($"{Recipe}\n");
        Line($"| score | | |\n|---|---|---|");
        foreach (var score in Scores)
            Line($"| {score.Name} | {score.Value:f2} | {score.Note} |");
        Line($"\n| cost | |\n|---|---|");
        Line($"| training time, over all resumes | {TrainingSeconds / 60:f1} min |");
        Line($"| processor time | {ProcessorSeconds / 60:f1} min on {Threads} threads |");
        Line($"| target tokens a second | {TokensPerSecond:f0} |");
        Line($"| updates, epochs | {Steps}, {Epochs} |");
        Line($"| ended because | {StopReason} |");
        Line($"| weights | {Parameters} |");
        Line($"| rows trained on, validated on | {Data.TrainingRows}, {Data.ValidationRows} |");
        Line($"| vocabulary | {Data.SourceVocabulary} source, {Data.TargetVocabulary} target |");
        Line($"| seed | {Seed} |");
        Line($"\n| epoch | step | training loss | validation loss | learning rate | minutes | processor minutes |");
        Line($"|---|---|---|---|---|---|---|");
        foreach (var point in Curve)
        {
            text.Append(string.Create(CultureInfo.InvariantCulture,
                $"| {point.Epoch} | {point.Step} | {point.TrainLoss:f3} | {point.ValidationLoss:f3} | "));
            Line($"{point.LearningRate:g3} | {point.Seconds / 60:f1} | {point.ProcessorSeconds / 60:f1} |");
        }
        return text.ToString();
    }
}
