using System.CommandLine;
using System.Globalization;

namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>The recurrent model and the Transformer of about as many weights, on the same captions for the same time.</summary>
internal static class CompareStudy
{
    private const double DefaultMinutes = 10;

    public static System.CommandLine.Command Command()
    {
        var minutes = new Option<double>("--minutes") { Description = "training time of each", DefaultValueFactory = _ => DefaultMinutes };
        minutes.Validators.Add(parsed =>
        {
            if (parsed.GetValue(minutes) <= 0)
                parsed.AddError("--minutes must be more than 0.");
        });
        return StudySettings.CreateCommand("compare", "Recurrent against Transformer on Multi30k: BLEU on test2016 after the same time.",
            (settings, parsed) => Run(settings, TimeSpan.FromMinutes(parsed.GetValue(minutes))), [minutes]);
    }

    private static void Run(StudySettings settings, TimeSpan time)
    {
        var recurrent = RecurrentArchitecture.Tiny;
        recurrent.Dropout = 0.2;
        var transformer = TransformerArchitecture.Tiny;
        transformer.Dropout = 0.2;
        StudyResult[] results =
        [
            Train(settings, time, "recurrent", () => new RecurrentTrainer.Options { Architecture = recurrent }),
            Train(settings, time, "transformer", () => new TransformerTrainer.Options { Architecture = transformer }),
        ];
        Console.WriteLine("\n| | BLEU, test2016 | BLEU, validation | weights | updates | tokens/s |\n|---|---|---|---|---|---|");
        foreach (var result in results)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {result.Study} | {result.Scores[0].Value:f2} | {result.Scores[1].Value:f2} | {result.Parameters} | " +
                $"{result.Steps} | {result.TokensPerSecond:f0} |"));
    }

    private static StudyResult Train(StudySettings settings, TimeSpan time, string name, Func<Seq2SeqTrainerOptions> create)
    {
        settings = settings with { Folder = Path.Combine(settings.Folder, name) };
        return StudyResult.Once(settings.Folder, () =>
        {
            var data = Multi30kData.Read(settings.Data, raw: false);
            var recipe = create();
            recipe.Training = new TrainingOptions
            {
                MaxDuration = time,
                MaxEpochs = 1000,
                TokensPerBatch = 1024, // little time: many small steps learn more in it than few large ones
                Schedule = LearningRateSchedule.InverseSquareRoot,
                LearningRate = 0.002,
                WarmupSteps = 500,
            };
            using var run = StudyRun.Train(settings, recipe, data.Training, data.Validation);
            return StudyResult.Of(run, $"compare: {name}",
                string.Create(CultureInfo.InvariantCulture,
                    $"The {name} Tiny preset with dropout 0.2, {time.TotalMinutes:g3} minutes at most, patience 5 on the loss, " +
                    $"peak 0.002 after 500 updates of 1k tokens, beam 4"),
                data.Score(run));
        });
    }
}
