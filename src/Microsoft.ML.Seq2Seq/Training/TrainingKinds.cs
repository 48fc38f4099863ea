namespace Microsoft.ML.Seq2Seq;

/// <summary>How the learning rate moves.</summary>
public enum LearningRateSchedule
{
    /// <summary>The paper's (section 5.3): up linearly over the warm-up, then down with the inverse square root of the
    /// step; by default scaled by the model's width, as there.</summary>
    Noam,

    /// <summary>The same curve, reaching <see cref="TrainingOptions.LearningRate"/> at the end of the warm-up.</summary>
    InverseSquareRoot,

    /// <summary>Up linearly, then down along half a cosine, to zero after the last planned step.</summary>
    Cosine,

    /// <summary>Up linearly, then down linearly, to zero after the last planned step.</summary>
    Linear,

    /// <summary>Up linearly, then constant.</summary>
    Constant,

    /// <summary>Up linearly, then constant until validations stop getting better: after every
    /// <see cref="TrainingOptions.PlateauPatience"/> of them times <see cref="TrainingOptions.PlateauFactor"/>. Needs validation rows.</summary>
    ReduceOnPlateau,
}

/// <summary>The optimizer.</summary>
public enum OptimizerKind
{
    /// <summary>Adam (Kingma and Ba 2015); weight decay, if any, is added to the gradient.</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019).</summary>
    AdamW,
}

/// <summary>The precision of the matrix products of training.</summary>
public enum TrainingPrecision
{
    /// <summary>bfloat16 on processors that have it in hardware (AVX512-BF16 or AMX), else float32.</summary>
    Auto,

    /// <summary>float32 throughout.</summary>
    Float32,

    /// <summary>bfloat16 in the products with weight matrices; weights, gradients, attention, normalisation and the loss
    /// stay in float32.</summary>
    BFloat16,
}

/// <summary>What decides which weights are best.</summary>
public enum ValidationMetric
{
    /// <summary>The lowest loss over the validation rows.</summary>
    Loss,

    /// <summary>The highest BLEU of the validation rows decoded.</summary>
    Bleu,

    /// <summary>The highest chrF of the validation rows decoded.</summary>
    ChrF,

    /// <summary>The largest share of validation rows decoded exactly.</summary>
    ExactMatch,
}

/// <summary>What <c>Fit</c> does with the checkpoints that it finds.</summary>
public enum ResumeMode
{
    /// <summary>Continues the newest checkpoint; starts anew where there is none.</summary>
    Auto,

    /// <summary>Starts anew; the first checkpoint of the new run replaces those of the old.</summary>
    Never,

    /// <summary>Continues the newest checkpoint; fails where there is none.</summary>
    Require,
}
