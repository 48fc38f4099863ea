using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Weights that are multiplied as float32 numbers, however they are kept.</summary>
internal sealed unsafe class PanelMatrix<TFormat> : PackedMatrix
    where TFormat : struct, IPanelFormat
{
    private readonly Pinned<byte> _panels; // [outputs / 64][inputs / 2][a pair of inputs]
    private readonly int _pairs;

    private PanelMatrix(int outputs, int inputs)
        : base(outputs, inputs)
    {
        _pairs = (inputs + 1) / 2;
        _panels = new Pinned<byte>(checked(Padded(outputs) / Panel * PanelBytes));
    }

    public override long Bytes => _panels.Length;

    private static int PairBytes => 2 * Panel * TFormat.Size;

    private int PanelBytes => _pairs * PairBytes;

    /// <inheritdoc cref="PackedMatrix.Pack"/>
    public static PanelMatrix<TFormat> Pack(ReadOnlySpan<float> weight, int outputs, int inputs)
    {
        var matrix = new PanelMatrix<TFormat>(outputs, inputs);
        for (int output = 0; output < outputs; output++)
            matrix.Set(output, weight.Slice(output * inputs, inputs));
        return matrix;
    }

    /// <inheritdoc cref="PackedMatrix.FromBFloat16"/>
    public static PanelMatrix<TFormat> FromBits(ReadOnlySpan<ushort> bits, int outputs, int inputs)
    {
        var matrix = new PanelMatrix<TFormat>(outputs, inputs);
        var row = new float[inputs];
        for (int output = 0; output < outputs; output++)
        {
            for (int input = 0; input < inputs; input++)
                row[input] = BitConverter.UInt32BitsToSingle((uint)bits[output * inputs + input] << 16);
            matrix.Set(output, row);
        }
        return matrix;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void CopyRow(int output, float* values)
    {
        byte* pair = Pair(output);
        for (int input = 0; input < Inputs; input += 2, pair += PairBytes)
        {
            values[input] = TFormat.Get(pair, 0, output % Panel);
            values[input + 1] = TFormat.Get(pair, 1, output % Panel);
        }
        for (int input = Inputs + (Inputs & 1); input < Padded(Inputs); input++)
            values[input] = 0;
        GC.KeepAlive(this);
    }

    public override void Multiply(float* x, int rows, float* y, float* bias, Epilogue epilogue, Arena scratch) =>
        scratch.Product.Compute(scratch.Team, this, x, null, rows, y, bias, epilogue);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void MultiplyPanels(
        void* x, void* ranges, int rows, float* y, float* bias, Epilogue epilogue, int firstPanel, int lastPanel)
    {
        nint width = Padded(Inputs), outputWidth = Padded(Outputs);
        int chunk = ChunkRows((int)width * sizeof(float));
        for (int start = 0; start < rows; start += chunk)
        {
            int end = Math.Min(start + chunk, rows);
            for (int output = firstPanel * Panel; output < lastPanel * Panel; output += Panel)
            {
                byte* panel = _panels.First + (nint)(output / Panel) * PanelBytes;
                float* input = (float*)x + start * width, result = y + start * outputWidth + output;
                if (Vector512.IsHardwareAccelerated)
                    PanelKernel512<TFormat>.Multiply(input, end - start, width, panel, _pairs, result, outputWidth, bias + output, epilogue);
                else
                    PanelKernel256<TFormat>.Multiply(input, end - start, width, panel, _pairs, result, outputWidth, bias + output, epilogue);
            }
        }
        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Set(int output, ReadOnlySpan<float> row)
    {
        byte* pair = Pair(output);
        nint step = PairBytes;
        for (int input = 0; input < row.Length; input++)
        {
            TFormat.Set(pair, input & 1, output % Panel, row[input]);
            pair += (input & 1) * step;
        }
    }

    /// <summary>The first pair of inputs of the panel that an output belongs to.</summary>
    private byte* Pair(int output) => _panels.First + (nint)(output / Panel) * PanelBytes;
}
