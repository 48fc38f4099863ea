namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Where a packed model gets its weights from, by the names that they have in the trained model: the model itself,
/// or a file that holds them quantised.</summary>
internal interface IPackedWeights
{
    /// <summary>Whether there is a weight of this name.</summary>
    bool Has(string name);

    /// <summary>A gain, a bias or a table, in float32, its rows behind each other.</summary>
    float[] Values(string name);

    /// <summary>Rows of a matrix, packed.</summary>
    /// <param name="name">Of a weight (outputs, inputs).</param>
    /// <param name="rows">Which of its outputs.</param>
    PackedMatrix Matrix(string name, Range rows);
}
