using System.Globalization;

namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>How American English words are pronounced (SIGMORPHON 2021, task 1, high resource), by the recipe of Wu et al. 2021
/// ("Applying the Transformer to Character-level Transduction", EACL), but for the schedule: a third of the updates, with the
/// learning rate brought down to nothing. The published baseline is a word error rate of 45.13 on the development rows.</summary>
internal static class PronunciationStudy
{
    private const int ValidationRows = 1344; // leaves 32,000 to learn from

    public static System.CommandLine.Command Command() => StudySettings.CreateCommand(
        "g2p", "American English spelling to phones: word error rate on SIGMORPHON's development rows.",
        (settings, _) => StudyResult.Once(settings.Folder, () => Run(settings)));

    private static StudyResult Run(StudySettings settings)
    {
        PairRow[] Rows(string split) => [.. PairRow.Read(settings.Data, "g2p", $"eng_us_{split}.tsv").Select(Spell)];
        PairRow[] all = Rows("train"), development = Rows("dev");
        new Random(settings.Seed).Shuffle(all); // in alphabetical order
        // The development rows are what is scored: choosing has rows of its own.
        PairRow[] validation = all[..ValidationRows], training = all[ValidationRows..];
        using var run = StudyRun.Train(settings, Recipe(), training, validation);
        return StudyResult.Of(run, "g2p",
            "Transformer of 4+4 layers, 256 wide, feed-forward 1024, 4 heads, pre-norm, dropout 0.3; letters to phones, batches of about " +
            "400 words, peak 0.001 after 1,000 of 6,500 updates, cosine, mean of the last 10 epochs, chosen by exact match on " +
            "1,344 words held out of the training rows; beam 5",
            [Errors("development", run, development), Errors("validation", run, validation), .. Confidence(run, validation, development)]);
    }

    /// <summary>Letters become tokens of their own, as the phones are.</summary>
    private static PairRow Spell(PairRow row) => new()
    {
        Source = string.Join(' ', row.Source.EnumerateRunes()),
        Target = row.Target,
    };

    /// <summary>As SIGMORPHON counts: a word is wrong unless all its phones are right. Its data has no word with two
    /// pronunciations.</summary>
    private static StudyScore Errors(string name, StudyRun run, PairRow[] rows)
    {
        var metrics = run.Score(rows, new EvaluationOptions());
        return new StudyScore($"word error rate, {name}", 100 * (1 - metrics.ExactMatch), string.Create(CultureInfo.InvariantCulture,
            $"{rows.Length} words; phone error rate {100 * metrics.WordErrorRate:f2}"));
    }

    /// <summary>Fitted on the validation rows: whether a word's confidence is worth its name on others, and what is left of the
    /// errors where a person looks at the least certain words.</summary>
    private static IEnumerable<StudyScore> Confidence(StudyRun run, PairRow[] validation, PairRow[] development)
    {
        using var sure = run.Context.Seq2Seq.Calibrate(run.Model, run.Context.Data.LoadFromEnumerable(validation));
        var trust = run.Context.Seq2Seq.EvaluateConfidence(sure.Transform(run.Context.Data.LoadFromEnumerable(development)));
        yield return new StudyScore("expected calibration error, development", 100 * trust.ExpectedCalibrationError, string.Create(
            CultureInfo.InvariantCulture, $"mean confidence {trust.MeanConfidence:p1}, {sure.Calibration!.Method}; area under the ROC curve {trust.AreaUnderRocCurve:f3}"));
        foreach (double share in new[] { 0.25, 0.5, 0.75 })
        {
            var point = trust.Coverage.MinBy(point => Math.Abs(point.Coverage - share))!;
            yield return new StudyScore("word error rate, development", 100 * (1 - point.Accuracy), string.Create(
                CultureInfo.InvariantCulture, $"the most certain {point.Coverage:p0}: confidence {point.Threshold:f2} or more"));
        }
    }

    private static TransformerTrainer.Options Recipe() => new()
    {
        Architecture = new TransformerArchitecture { Dropout = 0.3, ShareEmbeddings = EmbeddingSharing.DecoderInputOutput },
        Tokenization = new SubwordOptions { Kind = SubwordKind.Whitespace, SharedVocabulary = false },
        Training = new TrainingOptions
        {
            TokensPerBatch = 3600,
            MaxEpochs = 1000,
            MaxSteps = 6500,
            Schedule = LearningRateSchedule.Cosine,
            LearningRate = 0.001,
            WarmupSteps = 1000,
            Epsilon = 1e-8, // PyTorch's
            AverageCheckpoints = 10,
            ValidationMetric = ValidationMetric.ExactMatch,
            EarlyStoppingPatience = null,
        },
        Decoding = new DecodingOptions { BeamSize = 5, LengthPenalty = 1 },
    };
}
