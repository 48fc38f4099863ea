using System.CommandLine;
using Microsoft.ML.Seq2Seq.Benchmarks.Quality;
using static Microsoft.ML.Seq2Seq.Benchmarks.Figures;

namespace Microsoft.ML.Seq2Seq.Benchmarks;

/// <summary>Whether training with bfloat16 products ends where float32 does: the same run twice on Multi30k.</summary>
internal static class PrecisionStudy
{
    public static System.CommandLine.Command Command()
    {
        var data = new Option<string>("--data") { Description = "folder of the corpora", DefaultValueFactory = _ => "../shared/data" };
        var steps = new Option<int>("--steps") { Description = "updates of each run", DefaultValueFactory = _ => 3000 };
        var tokens = new Option<int>("--tokens") { Description = "tokens a batch", DefaultValueFactory = _ => 1024 };
        var seed = new Option<int>("--seed") { Description = "of both runs", DefaultValueFactory = _ => 1 };
        var command = new System.CommandLine.Command("precision", "Validation loss of training in bfloat16 products against float32.")
        {
            data, steps, tokens, seed,
        };
        command.SetAction(parsed =>
            Run(Multi30kData.Read(parsed.GetValue(data)!, raw: true), parsed.GetValue(steps), parsed.GetValue(tokens), parsed.GetValue(seed)));
        return command;
    }

    private static void Run(Multi30kData data, int steps, int tokens, int seed)
    {
        double float32 = ValidationLoss(TrainingPrecision.Float32), bfloat16 = ValidationLoss(TrainingPrecision.BFloat16);
        Print($"RATIO precision/multi30k/{steps} {bfloat16 / float32:f4}");

        double ValidationLoss(TrainingPrecision precision)
        {
            var ml = new MLContext(seed);
            var options = new TransformerTrainer.Options
            {
                Architecture = TransformerArchitecture.Tiny,
                ValidationSet = ml.Data.LoadFromEnumerable(data.Validation),
            };
            options.Architecture.Dropout = 0.2;
            options.Training.Precision = precision;
            options.Training.MaxEpochs = int.MaxValue;
            options.Training.MaxSteps = steps;
            options.Training.TokensPerBatch = tokens;
            options.Training.ValidateEverySteps = Math.Max(1, steps / 6);
            using var model = ml.Seq2Seq.Trainers.Transformer(options).Fit(ml.Data.LoadFromEnumerable(data.Training));
            foreach (var point in model.Report.Curve)
                Print($"{precision}: step {point.Step}, validation loss {point.ValidationLoss:f4}, {point.Elapsed.TotalSeconds:f0} s");
            return model.Report.Curve[^1].ValidationLoss!.Value;
        }
    }
}
