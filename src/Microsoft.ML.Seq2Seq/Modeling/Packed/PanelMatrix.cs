using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Weights that are multiplied as float32 numbers, however they are kept.</summary>
internal sealed unsafe class PanelMatrix<TFormat> : PackedMatrix
    where TFormat : struct, IPanelFormat
{
    private readonly Pinned<byte> _panels; // [outputs / width][inputs / 2][a pair of inputs]
    private readonly int _width; // outputs whose weights stand side by side: a panel or, for narrow registers, a strip
    private readonly int _pairs;

    private PanelMatrix(int outputs, int inputs, bool isNarrow)
        : base(outputs, inputs)
    {
        _width = isNarrow ? Strip : Panel;
        _pairs = (inputs + 1) / 2;
        _panels = new Pinned<byte>(checked(Padded(outputs) / _width * _pairs * PairBytes));
    }

    public override long Bytes => _panels.Length;

    private static bool IsNarrow => !Vector512.IsHardwareAccelerated;

    private int PairBytes => 2 * _width * TFormat.Size;

    /// <inheritdoc cref="PackedMatrix.Pack"/>
    /// <param name="isNarrow">For registers of eight numbers; null: for this machine's.</param>
    public static PanelMatrix<TFormat> Pack(ReadOnlySpan<float> weight, int outputs, int inputs, bool? isNarrow = null)
    {
        var matrix = new PanelMatrix<TFormat>(outputs, inputs, isNarrow ?? IsNarrow);
        for (int output = 0; output < outputs; output++)
            matrix.Set(output, weight.Slice(output * inputs, inputs));
        return matrix;
    }

    /// <inheritdoc cref="PackedMatrix.FromBFloat16"/>
    public static PanelMatrix<TFormat> FromBits(ReadOnlySpan<ushort> bits, int outputs, int inputs)
    {
        var matrix = new PanelMatrix<TFormat>(outputs, inputs, IsNarrow);
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
        nint step = PairBytes;
        for (int input = 0; input < Inputs; input += 2, pair += step)
        {
            values[input] = TFormat.Get(pair, _width, 0, output % _width);
            values[input + 1] = TFormat.Get(pair, _width, 1, output % _width);
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
                byte* panel = Pair(output);
                float* input = (float*)x + start * width, result = y + start * outputWidth + output;
                if (_width == Strip)
                    PanelKernel256<TFormat>.Multiply(input, end - start, width, panel, _pairs, result, outputWidth, bias + output, epilogue);
                else
                    PanelKernel512<TFormat>.Multiply(input, end - start, width, panel, _pairs, result, outputWidth, bias + output, epilogue);
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
            TFormat.Set(pair, _width, input & 1, output % _width, row[input]);
            pair += (input & 1) * step;
        }
    }

    /// <summary>The first pair of inputs of the panel or strip that an output belongs to.</summary>
    private byte* Pair(int output) => _panels.First + (nint)(output / _width) * _pairs * PairBytes;
}
