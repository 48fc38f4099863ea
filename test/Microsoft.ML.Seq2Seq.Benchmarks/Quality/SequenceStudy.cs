namespace Microsoft.ML.Seq2Seq.Benchmarks.Quality;

/// <summary>Random sequences to copy or to reverse: what a working model learns without a mistake.</summary>
internal static class SequenceStudy
{
    private const string Symbols = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const int Longest = 16;
    private const int TrainingRows = 20_000, ValidationRows = 500, TestRows = 1000;

    public static System.CommandLine.Command Copy() => Command("copy", "as it is", text => text);

    public static System.CommandLine.Command Reverse() => Command("reverse", "backwards", text => new string([.. text.Reverse()]));

    private static System.CommandLine.Command Command(string name, string how, Func<string, string> answer) =>
        StudySettings.CreateCommand(
            name, $"Random digits and letters, {how}: exact match.",
            (settings, _) => StudyResult.Once(settings.Folder, () => Run(settings, name, answer)));

    private static StudyResult Run(StudySettings settings, string name, Func<string, string> answer)
    {
        PairRow[] rows = [.. Sequences(settings.Seed).Distinct().Take(TrainingRows + ValidationRows + TestRows)
            .Select(text => new PairRow { Source = text, Target = answer(text) })];
        PairRow[] test = rows[..TestRows], validation = rows[TestRows..(TestRows + ValidationRows)];
        using var run = StudyRun.Train(settings, Recipe(), rows[(TestRows + ValidationRows)..], validation);
        return StudyResult.Of(run, name,
            $"Transformer Tiny without dropout; sequences of 1 to {Longest} of {Symbols.Length} symbols, those of the test in no other set",
            [new StudyScore("exact match, test", 100 * run.Score(test, new EvaluationOptions()).ExactMatch, $"{test.Length} sequences")]);
    }

    private static IEnumerable<string> Sequences(int seed)
    {
        var random = new Random(seed);
        while (true)
            yield return new string(random.GetItems<char>(Symbols, random.Next(1, Longest + 1)));
    }

    private static TransformerTrainer.Options Recipe()
    {
        var architecture = TransformerArchitecture.Tiny;
        architecture.Dropout = 0;
        return new TransformerTrainer.Options
        {
            Architecture = architecture,
            Tokenization = new SubwordOptions { Kind = SubwordKind.Character },
            Training = new TrainingOptions
            {
                TokensPerBatch = 2048,
                MaxEpochs = 30,
                Schedule = LearningRateSchedule.Linear, // down to zero: nothing is left of the last noise
                LearningRate = 0.001,
                LabelSmoothing = 0,
                EarlyStoppingPatience = null,
            },
        };
    }
}
