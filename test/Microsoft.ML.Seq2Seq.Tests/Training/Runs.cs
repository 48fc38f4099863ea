using Microsoft.ML.Seq2Seq.Batching;
using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Tests.Modeling;
using Microsoft.ML.Seq2Seq.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Tests.Training;

/// <summary>Short training runs and data for them.</summary>
internal static class Runs
{
    public static EncodedPairs RandomPairs(int count, int seed, int longest = 9, int vocabulary = 13)
    {
        var random = new Random(seed);
        var pairs = new EncodedPairs();
        for (int i = 0; i < count; i++)
            pairs.Add(TinyModels.Tokens(random, random.Next(1, longest + 1), vocabulary),
                TinyModels.Tokens(random, random.Next(1, longest + 1), vocabulary));
        return pairs;
    }

    public static TrainingRun Train(
        SequenceModel model, EncodedPairs training, EncodedPairs? validation, TrainingOptions options, int seed = 1,
        Func<bool>? isCanceled = null, params ITrainingObserver[] observers)
    {
        options.Threads ??= 1;
        if (options.Precision == TrainingPrecision.Auto) // the same on every processor
            options.Precision = TrainingPrecision.Float32;
        options.Validate();
        return new TrainingLoop(
            model, training, validation ?? new EncodedPairs(), options, seed, isCanceled ?? (() => false), observers).Run();
    }

    /// <summary>(N) all weights.</summary>
    public static Tensor Weights(nn.Module model)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return cat([.. model.named_parameters().Select(named => named.parameter.detach().view(-1))]).clone().MoveToOuterDisposeScope();
    }

    /// <summary>Negative log-likelihood per target token, one row at a time through libtorch's own loss.</summary>
    public static double Loss(SequenceModel model, EncodedPairs pairs)
    {
        double sum = 0;
        long tokens = 0;
        for (int i = 0; i < pairs.Count; i++)
        {
            using var scope = NewDisposeScope();
            using var batch = Batch.Create(pairs, [i], CPU);
            using var logits = TinyModels.Logits(model, batch);
            sum += nn.functional.cross_entropy(
                logits.view(-1, model.TargetVocabulary), batch.TargetOutput.view(-1), reduction: nn.Reduction.Sum).item<float>();
            tokens += batch.TargetTokens;
        }
        return sum / tokens;
    }
}

/// <summary>Calls back at every step and validation.</summary>
internal sealed class Watcher(Action<TrainingRun>? onStep = null, Action<TrainingRun>? onValidation = null) : ITrainingObserver
{
    public void OnStep(TrainingRun run) => onStep?.Invoke(run);

    public void OnValidation(TrainingRun run) => onValidation?.Invoke(run);
}
