using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq;

/// <summary>How a model is trained.</summary>
public sealed class TrainingOptions
{
    internal const int DefaultMaxEpochs = 20;

    /// <summary>Passes over the training rows. Default 20: with a validation set the best epoch is kept and the run
    /// stops early.</summary>
    public int MaxEpochs { get; set; } = DefaultMaxEpochs;

    /// <summary>Most updates of the weights. Default null: as many as the epochs have.</summary>
    public int? MaxSteps { get; set; }

    /// <summary>Longest time to train; the step under way is finished. Default null: no limit.</summary>
    public TimeSpan? MaxDuration { get; set; }

    /// <summary>Size of a batch: rows times the longest of their sources and targets, in tokens. Default 4,096: large
    /// enough for a steady gradient, small enough for a CPU's memory. The paper used about 25,000.</summary>
    public int TokensPerBatch { get; set; } = 4096;

    /// <summary>Batches whose gradients are summed for one update; as good as that many times larger a batch, in less
    /// memory. Default 1.</summary>
    public int GradientAccumulation { get; set; } = 1;

    /// <summary>Highest learning rate, reached at the end of the warm-up. Default null: with
    /// <see cref="LearningRateSchedule.Noam"/> the paper's (dimension · warm-up)^-½, and where
    /// <see cref="WarmupSteps"/> is null too, at most 0.002, since a short plan has a short warm-up; with every other
    /// schedule 0.001.</summary>
    public double? LearningRate { get; set; }

    /// <summary>How the learning rate moves. Default <see cref="LearningRateSchedule.Noam"/>, the paper's.</summary>
    public LearningRateSchedule Schedule { get; set; } = LearningRateSchedule.Noam;

    /// <summary>Steps over which the learning rate rises linearly from zero. Default null: a tenth of the planned steps,
    /// at most the paper's 4,000.</summary>
    public int? WarmupSteps { get; set; }

    /// <summary>Validations without a better one after which <see cref="LearningRateSchedule.ReduceOnPlateau"/> lowers the
    /// learning rate. Default 2: less than <see cref="EarlyStoppingPatience"/>, so that the lower rate gets its
    /// chance.</summary>
    public int PlateauPatience { get; set; } = 2;

    /// <summary>What <see cref="LearningRateSchedule.ReduceOnPlateau"/> multiplies the learning rate by. Default
    /// 0.5.</summary>
    public double PlateauFactor { get; set; } = 0.5;

    /// <summary>The optimizer. Default <see cref="OptimizerKind.Adam"/>, the paper's.</summary>
    public OptimizerKind Optimizer { get; set; } = OptimizerKind.Adam;

    /// <summary>Adam's decay of the gradient's mean. Default 0.9, the paper's.</summary>
    public double Beta1 { get; set; } = 0.9;

    /// <summary>Adam's decay of the squared gradient's mean. Default 0.98, the paper's: it forgets faster than Adam's own
    /// 0.999, which large batches of text need.</summary>
    public double Beta2 { get; set; } = 0.98;

    /// <summary>Adam's guard against division by zero. Default 1e-9, the paper's.</summary>
    public double Epsilon { get; set; } = 1e-9;

    /// <summary>Weight decay of the matrices, embeddings among them. Biases, gains of norms and learned positions do not decay:
    /// they are few and overfit little, and drawn to zero they cost accuracy. Default 0, the paper's.</summary>
    public double WeightDecay { get; set; }

    /// <summary>Share of the target probability spread evenly over the vocabulary (section 5.4). Default 0.1, the
    /// paper's.</summary>
    public double LabelSmoothing { get; set; } = 0.1;

    /// <summary>How strongly two passes over the same batch, with different dropout, are drawn to the same prediction: α of
    /// R-Drop (Liang et al. 2021), whose authors trained with 1 to 5. It regularises, and learns more slowly: for small data and
    /// long training. Default 0: one pass; two take twice the time and memory, and <see cref="TokensPerBatch"/> counts each
    /// token once. Without dropout the passes are alike, and nothing is gained.</summary>
    public double ConsistencyWeight { get; set; }

    /// <summary>Updates before <see cref="ConsistencyWeight"/> counts; until then a batch passes once, at half the time. Default 0. From the
    /// start, two passes hold a model up before it has learned to read its source; in one that has learned they only
    /// regularise.</summary>
    public int ConsistencyStartStep { get; set; }

    /// <summary>Largest norm of the gradient; a longer one is scaled down to it. Default 1: rarely felt, and enough to
    /// survive a bad batch. 0 turns it off.</summary>
    public double GradientClipNorm { get; set; } = 1;

    /// <summary>Validates and keeps the mean of the weights at the last so many validations (section 6.1 of the paper
    /// averages 5 to 20); each costs the memory of the weights. Default 1: no averaging.</summary>
    public int AverageCheckpoints { get; set; } = 1;

    /// <summary>With <see cref="AverageCheckpoints"/> of N, the mean is of the weights at the N validations where they scored
    /// best by themselves, by <see cref="ValidationMetric"/>, rather than at the last N. What is kept and reported is a
    /// mean that was validated, so a validation takes twice the time: once for the weights, once for the mean. Needs
    /// validation rows. Default false: the paper averages the last.</summary>
    public bool AverageBest { get; set; }

    /// <summary>Validates and keeps an exponential moving average of the weights with this decay, such as 0.999; it is
    /// less in the first steps. Default null: none. Not together with <see cref="AverageCheckpoints"/>.</summary>
    public double? ExponentialMovingAverage { get; set; }

    /// <summary>Steps between validations. Default null: at the end of every epoch.</summary>
    public int? ValidateEverySteps { get; set; }

    /// <summary>What decides which weights are kept and when to stop early. Default
    /// <see cref="ValidationMetric.Loss"/>: cheap, and smooth enough for small validation sets. The others decode every
    /// validation row.</summary>
    public ValidationMetric ValidationMetric { get; set; } = ValidationMetric.Loss;

    /// <summary>Validations without a better one after which training stops; the best weights are kept whether it
    /// stops or not. Default 5. Null never stops early.</summary>
    public int? EarlyStoppingPatience { get; set; } = 5;

    /// <summary>Precision of the matrix products. Default <see cref="TrainingPrecision.Auto"/>: bfloat16 where the
    /// processor has it, about as good and much faster; on a GPU float32, for bfloat16 was not measured there.</summary>
    public TrainingPrecision Precision { get; set; } = TrainingPrecision.Auto;

    /// <summary>Keeps only the inputs of a Transformer's layers for the backward pass and computes the rest of each layer
    /// again when its gradient is due (Chen et al. 2016): far less memory for long sequences or many layers, about a fifth
    /// more time, and the same weights. Default false: sentences rarely need it. Attention over more than 1,024 tokens never
    /// keeps its scores, whatever is set here. Not for <c>Trainers.Recurrent</c>.</summary>
    public bool GradientCheckpointing { get; set; }

    /// <summary>libtorch threads while training. Default null: as the process has them set.</summary>
    public int? Threads { get; set; }

    /// <summary>Folder for checkpoints, made where it is missing. A run that was killed at any moment then goes on from
    /// the newest one, and on the same number of threads of a CPU ends with the very same weights as if it had never stopped. Each
    /// takes three to four times the space of the weights. Default null: no checkpoints.</summary>
    public string? CheckpointDirectory { get; set; }

    /// <summary>Steps between checkpoints. Default null: after every validation.</summary>
    public int? CheckpointEverySteps { get; set; }

    /// <summary>How many checkpoints are kept, newest first. Default 2.</summary>
    public int KeepCheckpoints { get; set; } = 2;

    /// <summary>Whether training continues the newest checkpoint of <see cref="CheckpointDirectory"/>. A checkpoint of
    /// other data, another model or other options is refused, with the name of what differs. Default
    /// <see cref="ResumeMode.Auto"/>.</summary>
    public ResumeMode Resume { get; set; } = ResumeMode.Auto;

    /// <summary>Folder for TensorBoard's event files, a new file for each run. Default null: none.</summary>
    public string? TensorBoardDirectory { get; set; }

    /// <summary>Told of every validation, and of the steps between them a few times a second, on the training thread:
    /// a slow observer slows training.</summary>
    public IProgress<TrainingProgress>? Progress { get; set; }

    /// <summary>Ends training after the step under way, or the reading of rows before it. <c>Fit</c> then returns the best
    /// model validated so far, or throws <see cref="OperationCanceledException"/> where none was.</summary>
    public CancellationToken CancellationToken { get; set; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it, its value and
    /// what is allowed.</exception>
    public void Validate()
    {
        OptionCheck.AtLeast(nameof(MaxEpochs), MaxEpochs, 1);
        if (MaxSteps is { } steps)
            OptionCheck.AtLeast(nameof(MaxSteps), steps, 1);
        if (MaxDuration is { } duration)
            OptionCheck.That(duration > TimeSpan.Zero, nameof(MaxDuration), duration, "more than 0, or null");
        OptionCheck.AtLeast(nameof(TokensPerBatch), TokensPerBatch, 1);
        OptionCheck.AtLeast(nameof(GradientAccumulation), GradientAccumulation, 1);
        if (LearningRate is { } rate)
            OptionCheck.Positive(nameof(LearningRate), rate);
        OptionCheck.Defined(nameof(Schedule), Schedule);
        if (WarmupSteps is { } warmup)
            OptionCheck.AtLeast(nameof(WarmupSteps), warmup, 0);
        OptionCheck.AtLeast(nameof(PlateauPatience), PlateauPatience, 1);
        OptionCheck.That(PlateauFactor is > 0 and < 1, nameof(PlateauFactor), PlateauFactor, "more than 0 and less than 1");
        OptionCheck.AtLeast(nameof(AverageCheckpoints), AverageCheckpoints, 1);
        OptionCheck.That(!AverageBest || AverageCheckpoints > 1, nameof(AverageBest), AverageBest,
            $"False with {nameof(AverageCheckpoints)} {AverageCheckpoints}");
        if (ExponentialMovingAverage is { } decay)
        {
            OptionCheck.That(decay is > 0 and < 1, nameof(ExponentialMovingAverage), decay, "more than 0 and less than 1, or null");
            OptionCheck.That(AverageCheckpoints == 1, nameof(AverageCheckpoints), AverageCheckpoints,
                $"1 together with {nameof(ExponentialMovingAverage)}");
        }
        OptionCheck.Defined(nameof(ValidationMetric), ValidationMetric);
        OptionCheck.Defined(nameof(Optimizer), Optimizer);
        OptionCheck.Probability(nameof(Beta1), Beta1);
        OptionCheck.Probability(nameof(Beta2), Beta2);
        OptionCheck.Positive(nameof(Epsilon), Epsilon);
        OptionCheck.AtLeast(nameof(WeightDecay), WeightDecay, 0.0);
        OptionCheck.Probability(nameof(LabelSmoothing), LabelSmoothing);
        OptionCheck.AtLeast(nameof(ConsistencyWeight), ConsistencyWeight, 0.0);
        OptionCheck.AtLeast(nameof(ConsistencyStartStep), ConsistencyStartStep, 0);
        OptionCheck.AtLeast(nameof(GradientClipNorm), GradientClipNorm, 0.0);
        if (ValidateEverySteps is { } every)
            OptionCheck.AtLeast(nameof(ValidateEverySteps), every, 1);
        if (EarlyStoppingPatience is { } patience)
            OptionCheck.AtLeast(nameof(EarlyStoppingPatience), patience, 1);
        if (CheckpointDirectory is { } checkpoints)
            OptionCheck.That(checkpoints.Trim().Length > 0, nameof(CheckpointDirectory), checkpoints, "null or a path");
        if (CheckpointEverySteps is { } interval)
            OptionCheck.AtLeast(nameof(CheckpointEverySteps), interval, 1);
        OptionCheck.AtLeast(nameof(KeepCheckpoints), KeepCheckpoints, 1);
        OptionCheck.Defined(nameof(Resume), Resume);
        OptionCheck.That(Resume != ResumeMode.Require || CheckpointDirectory is not null, nameof(Resume), Resume,
            $"{ResumeMode.Auto} or {ResumeMode.Never} without {nameof(CheckpointDirectory)}");
        if (TensorBoardDirectory is { } board)
            OptionCheck.That(board.Trim().Length > 0, nameof(TensorBoardDirectory), board, "null or a path");
        OptionCheck.Defined(nameof(Precision), Precision);
        if (Threads is { } threads)
            OptionCheck.AtLeast(nameof(Threads), threads, 1);
    }

    internal TrainingOptions Clone() => (TrainingOptions)MemberwiseClone();
}
