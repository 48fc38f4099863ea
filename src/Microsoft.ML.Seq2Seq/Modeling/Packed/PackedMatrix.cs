namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>What becomes of a product.</summary>
internal enum Epilogue
{
    Store,
    StoreRelu,

    /// <summary>Is added to what is there, as a residual connection does.</summary>
    Add,

    /// <summary>Logits: stored, and summed up in <see cref="PanelProduct.Summary"/>.</summary>
    StoreAndSummarize,
}

/// <summary>
/// A weight matrix laid out for y = xWᵀ + b on this machine's vector registers. The outputs are cut into panels; a panel
/// holds its weights in the order in which a product reads them, so that one row reads memory once, from front to back, and
/// several rows share what was read.
/// </summary>
/// <remarks>
/// Rows of x and y are <see cref="Padded"/> wide, and the padding holds zeros. Every output is summed over the inputs in
/// their order, whatever rows stand beside it: a row's result is the same to the last bit in any batch.
/// </remarks>
internal abstract unsafe class PackedMatrix(int outputs, int inputs)
{
    /// <summary>Elements that the width of a row is a multiple of.</summary>
    public const int Panel = 64;

    /// <summary>A quarter of that, as many outputs as six rows can be multiplied with in sixteen registers of eight numbers.</summary>
    public const int Strip = 16;

    /// <summary>How far ahead weights are fetched, in bytes: read by one row from a cache that is shared, they come in 40 µs
    /// rather than 50.</summary>
    public const int PrefetchDistance = 2048;

    /// <summary>Rows of x that stay in the cache while the panels pass by, in bytes.</summary>
    private const int ChunkBytes = 1 << 18;

    public int Outputs => outputs;

    public int Inputs => inputs;

    /// <summary>The memory that the weights take.</summary>
    public abstract long Bytes { get; }

    public static int Padded(int width) => (width + Panel - 1) & -Panel;

    /// <param name="weight">(outputs, inputs)</param>
    /// <param name="precision">Not <see cref="InferencePrecision.Auto"/>.</param>
    public static PackedMatrix Pack(ReadOnlySpan<float> weight, int outputs, int inputs, InferencePrecision precision)
    {
        switch (precision)
        {
            case InferencePrecision.Float32:
                return PanelMatrix<Float32Panel>.Pack(weight, outputs, inputs);
            case InferencePrecision.BFloat16:
                return PanelMatrix<BFloat16Panel>.Pack(weight, outputs, inputs);
            case InferencePrecision.Int8:
                var values = new sbyte[weight.Length];
                var scales = new float[outputs];
                Int8Matrix.Quantize(weight, values, scales);
                return FromInt8(values, scales, outputs, inputs);
            default:
                throw new ArgumentOutOfRangeException(nameof(precision), precision, "Allowed: a precision, not a way to choose one.");
        }
    }

    /// <param name="values">(outputs, inputs) of <see cref="Int8Matrix.Quantize"/>.</param>
    /// <param name="scales">(outputs) what one unit of a row's values stands for.</param>
    public static PackedMatrix FromInt8(ReadOnlySpan<sbyte> values, ReadOnlySpan<float> scales, int outputs, int inputs) =>
        new Int8Matrix(values, scales, outputs, inputs);

    /// <param name="bits">(outputs, inputs) the upper halves of float32 numbers.</param>
    public static PackedMatrix FromBFloat16(ReadOnlySpan<ushort> bits, int outputs, int inputs) =>
        PanelMatrix<BFloat16Panel>.FromBits(bits, outputs, inputs);

    /// <summary>y = xWᵀ + b.</summary>
    /// <param name="x">(rows, inputs)</param>
    /// <param name="y">(rows, outputs)</param>
    /// <param name="bias">(outputs), padded too.</param>
    /// <param name="scratch">Memory for what lies in between, and who computes.</param>
    public abstract void Multiply(float* x, int rows, float* y, float* bias, Epilogue epilogue, Arena scratch);

    /// <summary>The outputs of some panels.</summary>
    /// <param name="x">(rows, inputs) as <see cref="Multiply"/> has prepared them.</param>
    /// <param name="ranges">(rows) how it did so.</param>
    public abstract void MultiplyPanels(
        void* x, void* ranges, int rows, float* y, float* bias, Epilogue epilogue, int firstPanel, int lastPanel);

    /// <summary>The weights of one output, as an embedding is looked up: (inputs), padded.</summary>
    public abstract void CopyRow(int output, float* values);

    /// <summary>How many rows are multiplied with all panels before the next.</summary>
    protected static int ChunkRows(int rowBytes) => Math.Max(24, ChunkBytes / rowBytes / 12 * 12);
}
