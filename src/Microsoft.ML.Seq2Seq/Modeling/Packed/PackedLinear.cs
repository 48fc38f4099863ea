namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>y = xWᵀ + b, or some of its outputs: <see cref="Linear"/> at prediction.</summary>
internal sealed unsafe class PackedLinear
{
    private readonly Pinned<float> _bias;

    /// <param name="name">Of the layer.</param>
    /// <param name="rows">Which of its outputs.</param>
    public PackedLinear(IPackedWeights weights, string name, Range rows)
        : this(weights.Matrix($"{name}.weight", rows), weights.Values($"{name}.bias").AsSpan(rows))
    {
    }

    public PackedLinear(PackedMatrix matrix, ReadOnlySpan<float> bias)
    {
        Matrix = matrix;
        _bias = Pinned<float>.Copy(bias, PackedMatrix.Padded(matrix.Outputs));
    }

    public PackedMatrix Matrix { get; }

    /// <summary>Elements of a row of the output.</summary>
    public int Width => PackedMatrix.Padded(Matrix.Outputs);

    /// <inheritdoc cref="PackedMatrix.Multiply"/>
    public void Apply(float* x, int rows, float* y, Epilogue epilogue, Arena scratch) =>
        Matrix.Multiply(x, rows, y, _bias.First, epilogue, scratch);
}
