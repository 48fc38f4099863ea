using System.CommandLine;
using System.Globalization;

namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>English to German captions by the recipe of Wu et al. 2021 ("Good for Misconceived Reasons", ACL): 41.02 BLEU on
/// test2016.</summary>
internal static class Multi30kStudy
{
    private const double Milestone = 38; // BLEU on the validation rows: time to it is reported
    private const int PublishedMerges = 10_000;
    private const int Others = 320; // pieces of a vocabulary that no merge made: special tokens, 256 bytes, an alphabet of about 60
    private const string Published = "published", Ours = "ours";

    public static System.CommandLine.Command Command()
    {
        var raw = new Option<bool>("--raw") { Description = "from raw text, scored as sacreBLEU does by default (13a)" };
        var recipe = new Option<string>("--recipe")
        {
            Description = "published; or ours, with a cosine schedule, and chosen by BLEU on the validation rows",
            DefaultValueFactory = _ => Published,
        };
        recipe.AcceptOnlyFromAmong(Published, Ours);
        var merges = new Option<int>("--merges")
        {
            Description = "of byte pairs, for the vocabulary that both languages share",
            DefaultValueFactory = _ => PublishedMerges,
        };
        merges.Validators.Add(parsed =>
        {
            if (parsed.GetValue(merges) < 1)
                parsed.AddError("--merges must be at least 1.");
        });
        var consistency = new Option<double>("--consistency") { Description = "weight of the divergence between two passes (R-Drop); a batch is then 4k tokens, twice, but see --consistency-from" };
        consistency.Validators.Add(parsed =>
        {
            if (!(parsed.GetValue(consistency) >= 0))
                parsed.AddError("--consistency must be at least 0.");
        });
        var consistencyFrom = new Option<int>("--consistency-from") { Description = "updates of one pass before that; a batch is then 8k tokens, twice" };
        consistencyFrom.Validators.Add(parsed =>
        {
            if (parsed.GetValue(consistencyFrom) < 0)
                parsed.AddError("--consistency-from must be at least 0.");
        });
        return StudySettings.CreateCommand("multi30k", "English to German captions: BLEU on test2016.",
            (settings, parsed) => Run(settings, Choices(parsed)), [raw, recipe, merges, consistency, consistencyFrom],
            parsed => Choices(parsed).Suffix);

        Variant Choices(ParseResult parsed) => new(
            parsed.GetValue(raw), parsed.GetValue(recipe) == Ours, parsed.GetValue(merges), parsed.GetValue(consistency),
            parsed.GetValue(consistencyFrom));
    }

    /// <summary>What the command line chose.</summary>
    private sealed record Variant(bool Raw, bool Ours, int Merges, double Consistency, int ConsistencyFrom)
    {
        /// <summary>As on the command line.</summary>
        public string Arguments => (Raw ? " --raw" : "") + (Ours ? " --recipe ours" : "") +
            (Merges == PublishedMerges ? "" : FormattableString.Invariant($" --merges {Merges}")) +
            (Consistency == 0 ? "" : FormattableString.Invariant($" --consistency {Consistency}")) +
            (ConsistencyFrom == 0 ? "" : FormattableString.Invariant($" --consistency-from {ConsistencyFrom}"));

        /// <summary>For a folder's name.</summary>
        public string Suffix => Arguments.Replace("--", "", StringComparison.Ordinal).Replace(' ', '-');
    }

    private static void Run(StudySettings settings, Variant choices) => StudyResult.Once(settings.Folder, () =>
    {
        var data = Multi30kData.Read(settings.Data, choices.Raw);
        using var run = StudyRun.Train(settings, Recipe(choices), data.Training, data.Validation);
        return StudyResult.Of(run, $"multi30k{choices.Arguments}",
            FormattableString.Invariant($"Transformer Tiny, post-norm, dropout 0.3, joint BPE of {choices.Merges:n0} merges, ") +
            "peak 0.005 after 2,000 updates of " + (choices is { Consistency: > 0, ConsistencyFrom: 0 } ? "4k" : "8k") + " tokens, " +
            (choices.Consistency > 0
                ? FormattableString.Invariant($"from update {choices.ConsistencyFrom:n0} on in two passes of consistency {choices.Consistency}, ")
                : "") +
            $"mean of the last {(choices.Consistency > 0 ? 20 : 10)} epochs, beam 5, mean log-probability of a token; " +
            (choices.Ours ? "cosine to zero over 5,000 updates, chosen by BLEU" : "at most 8,000 updates, chosen by " +
                (choices.Consistency > 0 ? "BLEU with patience 20" : "loss with patience 10")) +
            (choices.Raw ? "; raw text" : "; lower-cased tokenised text"),
            [.. data.Score(run), .. TimeToMilestone(run, data)]);
    });

    private static IEnumerable<StudyScore> TimeToMilestone(StudyRun run, Multi30kData data)
    {
        if (run.FirstToReach(Milestone, data.Validation, data.Evaluation) is not { } reached)
            yield break;
        string first = string.Create(CultureInfo.InvariantCulture, $"BLEU {Milestone} on validation");
        string note = string.Create(CultureInfo.InvariantCulture, $"epoch {reached.Point.Epoch} with {reached.Bleu:f2}");
        yield return new StudyScore($"minutes to {first}", reached.Point.Seconds / 60, note);
        yield return new StudyScore($"processor minutes to {first}", reached.Point.ProcessorSeconds / 60, note);
    }

    private static TransformerTrainer.Options Recipe(Variant choices)
    {
        var recipe = choices.Ours ? OurRecipe() : PublishedRecipe();
        recipe.Tokenization.VocabularySize = Others + choices.Merges;
        if (choices.Consistency > 0)
        {
            recipe.Training.ConsistencyWeight = choices.Consistency;
            recipe.Training.ConsistencyStartStep = choices.ConsistencyFrom;
            recipe.Training.EarlyStoppingPatience = 20; // it learns more slowly
            recipe.Training.AverageCheckpoints = 20; // validation prefers it
            recipe.Training.ValidationMetric = ValidationMetric.Bleu; // two passes that agree are less sure of themselves, which the loss resents
            if (choices.ConsistencyFrom == 0)
                recipe.Training.GradientAccumulation = 1; // each update costs what it did
        }
        return recipe;
    }

    /// <summary>The published one, but for its vocabulary. Ours differs in that the mean of the last 10 epochs is what is
    /// validated, and the best mean is kept.</summary>
    private static TransformerTrainer.Options PublishedRecipe()
    {
        var architecture = TransformerArchitecture.Tiny;
        architecture.NormPlacement = NormPlacement.Post;
        architecture.Dropout = 0.3;
        return new TransformerTrainer.Options
        {
            Architecture = architecture,
            Training = new TrainingOptions
            {
                TokensPerBatch = 4096,
                GradientAccumulation = 2,
                MaxEpochs = 1000,
                MaxSteps = 8000,
                Schedule = LearningRateSchedule.InverseSquareRoot,
                LearningRate = 0.005,
                WarmupSteps = 2000,
                Epsilon = 1e-8, // fairseq's
                GradientClipNorm = 25,
                AverageCheckpoints = 10,
                EarlyStoppingPatience = 10,
            },
            Decoding = new DecodingOptions { BeamSize = 5, LengthPenalty = 1, LengthPenaltyForm = LengthPenaltyForm.Power },
        };
    }

    /// <summary>The same with a learning rate that ends at zero, and the epochs whose mean translates best. (What became of
    /// BPE-dropout: docs/benchmarks.md.)</summary>
    private static TransformerTrainer.Options OurRecipe()
    {
        var recipe = PublishedRecipe();
        recipe.Training.Schedule = LearningRateSchedule.Cosine;
        recipe.Training.MaxSteps = 5000; // about as many as the published recipe takes to its best
        // BLEU goes on rising when the loss, of smoothed training, no longer falls.
        recipe.Training.ValidationMetric = ValidationMetric.Bleu;
        recipe.Training.EarlyStoppingPatience = null;
        return recipe;
    }
}
