namespace Microsoft.ML.Seq2Seq;

/// <summary>The numbers that a model's weights are kept in at prediction. Sums are float32 in all of them, and so is all
/// that lies between two matrices.</summary>
public enum InferencePrecision
{
    /// <summary>What the model's weights are kept in, if this machine has instructions for it: nothing is rounded that was not
    /// rounded already.</summary>
    Auto,

    /// <summary>The weights as they were trained.</summary>
    Float32,

    /// <summary>Weights rounded to 8 bits of precision: half of the memory, and faster where reading it is what takes the
    /// time, as for one row at a time.</summary>
    BFloat16,

    /// <summary>Weights as integers of 8 bits with a scale for each output; what they are multiplied with is rounded to 8
    /// bits too, with a scale for each row. A quarter of the memory.</summary>
    Int8,
}
