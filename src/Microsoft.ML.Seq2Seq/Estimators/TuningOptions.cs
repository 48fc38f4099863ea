using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>What trials are compared by. A loss a token is none of them: it can't be compared between
/// vocabularies.</summary>
public enum TuningMetric
{
    /// <summary>Negative log-likelihood of the validation targets in nats for each character, the end counted as one: lower is
    /// better. It needs no decoding, and tells runs apart long before their outputs are of use.</summary>
    CharacterLoss,

    /// <summary>BLEU of greedy outputs, 0 to 100.</summary>
    Bleu,

    /// <summary>chrF of greedy outputs, 0 to 100.</summary>
    ChrF,

    /// <summary>Share of greedy outputs that are right, 0 to 1.</summary>
    ExactMatch,
}

/// <summary>What <see cref="Seq2SeqCatalog.Tune"/> tries.</summary>
public sealed class TuningOptions
{
    /// <summary>What all trials share, and the first trial as it is: columns, tokenization, batch size, decoding, validation
    /// rows. Default: the trainer's defaults. The budget takes the place of <see cref="TrainingOptions.MaxDuration"/> and
    /// <see cref="TrainingOptions.MaxEpochs"/>; <see cref="CancellationToken"/> and <see cref="Progress"/> replace those of
    /// <see cref="TrainingOptions"/>; checkpoints go to a temporary folder.</summary>
    public TransformerTrainer.Options Trainer { get; set; } = new();

    /// <summary>Shapes to try. Default <see cref="TransformerArchitecture.Tiny"/> and
    /// <see cref="TransformerArchitecture.Small"/>: larger ones want a GPU or a day.</summary>
    public IReadOnlyList<TransformerArchitecture> Architectures { get; set; } = [TransformerArchitecture.Tiny, TransformerArchitecture.Small];

    /// <summary>Vocabulary sizes to try, for byte-pair encoding and words; characters and keys have the vocabulary that they
    /// have. Default 1,000, 2,000, 4,000, 8,000 and 16,000.</summary>
    public IReadOnlyList<int> VocabularySizes { get; set; } = [1000, 2000, 4000, 8000, 16_000];

    /// <summary>Least dropout to try. Default 0.</summary>
    public double MinimumDropout { get; set; }

    /// <summary>Most dropout to try. Default 0.4: small data wants 0.3.</summary>
    public double MaximumDropout { get; set; } = 0.4;

    /// <summary>Lowest learning rate to try, the highest of a run's schedule. Default 0.0003.</summary>
    public double MinimumLearningRate { get; set; } = 3e-4;

    /// <summary>Highest learning rate to try; rates are drawn evenly on a logarithmic scale. Default 0.005.</summary>
    public double MaximumLearningRate { get; set; } = 5e-3;

    /// <summary>What trials are ranked by. Default <see cref="TuningMetric.CharacterLoss"/>.</summary>
    public TuningMetric Metric { get; set; } = TuningMetric.CharacterLoss;

    /// <summary>How many settings are tried. Default null: 27, 9 or 3, the most for which the first rung of the slowest
    /// shape lasts 60 steps within the budget, else 3; 9 with <see cref="StepsPerTrial"/>.</summary>
    public int? MaxTrials { get; set; }

    /// <summary>Steps of a run that is never stopped. Rungs are then counted in steps instead of seconds, and, unless the budget
    /// runs out, the outcome depends on the seed alone. Default null: rungs in seconds, so that a fast shape gets the more
    /// steps, and the last run goes on to the end of the budget,
    /// or until it stops getting better.</summary>
    public int? StepsPerTrial { get; set; }

    /// <summary>Of the trials of a rung one in so many goes on, that many times longer. Default 3, as in Li et al. 2018.</summary>
    public int Reduction { get; set; } = 3;

    /// <summary>Told of every rung of every trial, and of the training steps between them a few times a second, on the training
    /// thread. Default null: nobody.</summary>
    public IProgress<TuningProgress>? Progress { get; set; }

    /// <summary>Ends the search after the step under way: <c>Tune</c> then returns the best so far, or throws
    /// <see cref="OperationCanceledException"/> where there is none.</summary>
    public CancellationToken CancellationToken { get; set; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names it, its value and what is
    /// allowed.</exception>
    public void Validate()
    {
        OptionCheck.NotNull(nameof(Trainer), Trainer);
        Trainer.Validate();
        OptionCheck.That(Trainer.ValidationSet is not null || Trainer.ValidationFraction > 0, nameof(Trainer.ValidationFraction),
            Trainer.ValidationFraction, $"more than 0 without {nameof(Trainer.ValidationSet)}");
        OptionCheck.NotNull(nameof(Architectures), Architectures);
        OptionCheck.That(Architectures.Count > 0, nameof(Architectures), Architectures.Count, "1 or more shapes");
        OptionCheck.NotNull(nameof(VocabularySizes), VocabularySizes);
        OptionCheck.That(VocabularySizes.Count > 0, nameof(VocabularySizes), VocabularySizes.Count, "1 or more sizes");
        // Each as part of the trainer's options.
        foreach (var architecture in Architectures)
            Try(architecture, Trainer.Tokenization.VocabularySize);
        foreach (int size in VocabularySizes)
            Try(Trainer.Architecture, size);
        OptionCheck.Probability(nameof(MinimumDropout), MinimumDropout);
        OptionCheck.Probability(nameof(MaximumDropout), MaximumDropout);
        OptionCheck.That(MaximumDropout >= MinimumDropout, nameof(MaximumDropout), MaximumDropout, $"{nameof(MinimumDropout)} or more");
        OptionCheck.Positive(nameof(MinimumLearningRate), MinimumLearningRate);
        OptionCheck.AtLeast(nameof(MaximumLearningRate), MaximumLearningRate, MinimumLearningRate);
        OptionCheck.Defined(nameof(Metric), Metric);
        if (MaxTrials is { } trials)
            OptionCheck.AtLeast(nameof(MaxTrials), trials, 1);
        if (StepsPerTrial is { } steps)
            OptionCheck.AtLeast(nameof(StepsPerTrial), steps, 1);
        OptionCheck.AtLeast(nameof(Reduction), Reduction, 2);
    }

    internal TuningOptions Clone()
    {
        var clone = (TuningOptions)MemberwiseClone();
        clone.Trainer = Trainer.Clone();
        clone.Architectures = [.. Architectures.Select(architecture => architecture.Clone())];
        clone.VocabularySizes = [.. VocabularySizes];
        return clone;
    }

    private void Try(TransformerArchitecture architecture, int vocabularySize)
    {
        OptionCheck.NotNull(nameof(Architectures), architecture);
        var options = Trainer.Clone();
        options.Architecture = architecture;
        options.Tokenization.VocabularySize = vocabularySize;
        options.Validate();
    }
}
