using System.CommandLine;
using System.Globalization;

namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>Captions of photographs, English to German (Multi30k, task 1), by the recipe of Wu et al. 2021 ("Good for
/// Misconceived Reasons", ACL): 41.02 BLEU on test2016.</summary>
internal static class Multi30kStudy
{
    private const double Milestone = 38; // BLEU on the validation rows: time to it is reported

    public static System.CommandLine.Command Command()
    {
        var raw = new Option<bool>("--raw") { Description = "from raw text, scored as sacreBLEU does by default (13a)" };
        return StudySettings.CreateCommand(
            "multi30k", "English to German captions: BLEU on test2016.", [raw], (settings, parsed) => Run(settings, parsed.GetValue(raw)));
    }

    private static void Run(StudySettings settings, bool raw)
    {
        if (StudyResult.Find(settings.Folder) is { } before)
        {
            Console.Write(before.ToMarkdown());
            return;
        }
        string suffix = raw ? ".tsv" : ".lc.tok.tsv";
        PairRow[] Rows(string split) => PairRow.Read(settings.Data, "multi30k", split + suffix);
        PairRow[] training = Rows("train"), validation = Rows("valid"), test = Rows("test2016");
        var evaluation = new EvaluationOptions { BleuTokenizer = raw ? BleuTokenizer.Tok13a : BleuTokenizer.None };

        using var run = StudyRun.Train(settings, Recipe(), training, validation);
        var onValidation = run.Score(validation, evaluation);
        var onTest = run.Score(test, evaluation);
        List<StudyScore> scores = [Bleu("test2016", onTest), Bleu("validation", onValidation)];
        if (run.FirstToReach(Milestone, validation, evaluation) is { } reached)
        {
            string first = string.Create(CultureInfo.InvariantCulture, $"{Milestone} BLEU on validation");
            string note = string.Create(CultureInfo.InvariantCulture, $"epoch {reached.Point.Epoch} with {reached.Bleu:f2}");
            scores.Add(new StudyScore($"minutes to {first}", reached.Point.Seconds / 60, note));
            scores.Add(new StudyScore($"processor minutes to {first}", reached.Point.ProcessorSeconds / 60, note));
        }
        var result = StudyResult.Of(run, raw ? "multi30k --raw" : "multi30k",
            "Transformer Tiny, post-norm, dropout 0.3, joint BPE of 10,000 merges, peak 0.005 after 2,000 of at most 8,000 updates of " +
            "8k tokens, mean of the last 10 epochs, patience 10, beam 5, length penalty 1; " +
            (raw ? "raw text" : "lower-cased tokenised text"), scores);
        result.Write(settings.Folder);
        Console.Write(result.ToMarkdown());
    }

    private static StudyScore Bleu(string set, Seq2SeqMetrics metrics) => new($"BLEU, {set}", metrics.Bleu, string.Create(
        CultureInfo.InvariantCulture,
        $"{string.Join('/', metrics.BleuPrecisions.Select(p => p.ToString("f1", CultureInfo.InvariantCulture)))}, brevity penalty {metrics.BleuBrevityPenalty:f3}, {metrics.BleuSignature}"));

    /// <summary>The published one. Ours differs in that the mean of the last 10 epochs is what is validated, and the best mean
    /// is kept; and in the form of the length penalty, (5 + length) / 6 rather than length.</summary>
    private static TransformerTrainer.Options Recipe()
    {
        var architecture = TransformerArchitecture.Tiny;
        architecture.NormPlacement = NormPlacement.Post;
        architecture.Dropout = 0.3;
        return new TransformerTrainer.Options
        {
            Architecture = architecture,
            // 10,000 merges, beside 4 special tokens, 256 bytes and an alphabet of about 60.
            Tokenization = new SubwordOptions { VocabularySize = 10_320 },
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
            Decoding = new DecodingOptions { BeamSize = 5, LengthPenalty = 1 },
        };
    }
}
