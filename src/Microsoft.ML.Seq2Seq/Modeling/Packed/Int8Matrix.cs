using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// Weights as integers of 8 bits with a scale for each output. A row that is multiplied with them is rounded to 8 bits too,
/// between its smallest and its largest element: x ≈ scale · (q - zero), so that Σ x w ≈ scale · (Σ q w - zero · Σ w). The
/// sums of integers are exact, in whatever order.
/// </summary>
internal sealed unsafe class Int8Matrix : PackedMatrix
{
    private const int Block = 32; // outputs of four registers of eight sums
    private const int Group = 4; // inputs that one instruction sums up

    private readonly Pinned<sbyte> _weights; // [outputs / 32][inputs / 4][32][4]
    private readonly Pinned<float> _scales; // (outputs)
    private readonly Pinned<int> _sums; // (outputs) Σ w
    private readonly int _groups;
    private readonly bool _portable;

    /// <inheritdoc cref="PackedMatrix.FromInt8"/>
    /// <param name="portable">Do without this machine's own instructions for such sums. They give the same.</param>
    public Int8Matrix(ReadOnlySpan<sbyte> values, ReadOnlySpan<float> scales, int outputs, int inputs, bool portable = false)
        : base(outputs, inputs)
    {
        _portable = portable || !IsFast;
        _groups = (inputs + Group - 1) / Group;
        _weights = new Pinned<sbyte>(checked(Padded(outputs) * _groups * Group));
        _scales = Pinned<float>.Copy(scales, Padded(outputs));
        _sums = new Pinned<int>(Padded(outputs));
        for (int output = 0; output < outputs; output++)
            _sums.First[output] = Fill(Weight(output), values.Slice(output * inputs, inputs));
    }

    /// <summary>Whether this machine has instructions that multiply and sum integers of 8 bits.</summary>
    public static bool IsFast => AvxVnni.IsSupported;

    public override long Bytes => _weights.Length + 8L * _scales.Length;

    /// <returns>The sum of a row.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Fill(sbyte* weights, ReadOnlySpan<sbyte> row)
    {
        int sum = 0;
        for (int input = 0; input < row.Length; input++)
        {
            weights[input / Group * (Block * Group) + input % Group] = row[input];
            sum += row[input];
        }
        return sum;
    }

    /// <summary>Rounds weights to -127 … 127 times a scale for each row.</summary>
    /// <param name="weight">(outputs, inputs)</param>
    /// <param name="values">(outputs, inputs) to fill.</param>
    /// <param name="scales">(outputs) to fill.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(ReadOnlySpan<float> weight, Span<sbyte> values, Span<float> scales)
    {
        int inputs = weight.Length / scales.Length;
        for (int output = 0; output < scales.Length; output++)
        {
            var row = weight.Slice(output * inputs, inputs);
            var rounded = values.Slice(output * inputs, inputs);
            float largest = 0;
            foreach (float value in row)
                largest = MathF.Max(largest, MathF.Abs(value)); // a NaN stays one
            scales[output] = largest / 127;
            float unit = largest > 0 ? 127 / largest : 0;
            for (int input = 0; input < row.Length; input++)
                rounded[input] = (sbyte)MathF.Round(row[input] * unit);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void CopyRow(int output, float* values)
    {
        var scale = Vector128.Create(_scales.First[output]);
        sbyte* weights = Weight(output);
        int input = 0;
        for (; input < Inputs; input += Group, weights += Block * Group)
        {
            var (four, _) = Vector128.Widen(Vector128.CreateScalar(*(int*)weights).AsSByte());
            (Vector128.ConvertToSingle(Vector128.WidenLower(four)) * scale).Store(values + input);
        }
        for (; input < Padded(Inputs); input++)
            values[input] = 0;
        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(float* x, int rows, float* y, float* bias, Epilogue epilogue, Arena scratch)
    {
        var mark = scratch.Mark();
        int width = Padded(Inputs), outputWidth = Padded(Outputs), chunk = Math.Min(rows, ChunkRows(width));
        byte* quantized = scratch.Take<byte>(chunk * width);
        var ranges = scratch.Take<RowRange>(chunk);
        for (int start = 0; start < rows; start += chunk)
        {
            int count = Math.Min(chunk, rows - start);
            for (int row = 0; row < count; row++)
                ranges[row] = RowRange.Quantize(x + (nint)(start + row) * width, quantized + row * width, width);
            scratch.Product.Compute(scratch.Team, this, quantized, ranges, count, y + (nint)start * outputWidth, bias, epilogue);
        }
        scratch.Release(mark);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void MultiplyPanels(
        void* x, void* ranges, int rows, float* y, float* bias, Epilogue epilogue, int firstPanel, int lastPanel)
    {
        int width = Padded(Inputs), outputWidth = Padded(Outputs);
        for (int output = firstPanel * Panel; output < lastPanel * Panel; output += Block)
            MultiplyBlock((byte*)x, width, (RowRange*)ranges, rows, output, y + output, outputWidth, bias + output, epilogue);
        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyBlock(
        byte* x, int width, RowRange* ranges, int rows, int output, float* y, nint outputWidth, float* bias, Epilogue epilogue)
    {
        sbyte* weights = Weight(output);
        float* scales = _scales.First + output;
        int* sums = _sums.First + output;
        for (int row = 0; row < rows;)
        {
            byte* input = x + row * width;
            float* result = y + row * outputWidth;
            if (_portable)
                Portable(input, weights, _groups, result, bias, scales, sums, ranges + row++, epilogue);
            else if (rows - row >= 4)
            {
                FourRows(input, width, weights, _groups, result, outputWidth, bias, scales, sums, ranges + row, epilogue);
                row += 4;
            }
            else if (rows - row >= 2)
            {
                TwoRows(input, width, weights, _groups, result, outputWidth, bias, scales, sums, ranges + row, epilogue);
                row += 2;
            }
            else
                OneRow(input, weights, _groups, result, bias, scales, sums, ranges + row++, epilogue);
        }
    }

    /// <summary>An output's weights of the first group of inputs.</summary>
    private sbyte* Weight(int output) => _weights.First + (nint)(output / Block) * _groups * (Block * Group) + output % Block * Group;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneRow(
        byte* x, sbyte* weights, int groups, float* y, float* bias, float* scales, int* sums, RowRange* range, Epilogue epilogue)
    {
        // Two sums for each output, so that none waits for another.
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        int g = 0;
        for (; g < groups - 1; g += 2, x += 2 * Group, weights += 2 * Block * Group)
        {
            VectorMath.PrefetchFour(weights + PrefetchDistance);
            var input = Inputs4(x);
            a0 = Dot(a0, input, weights);
            a1 = Dot(a1, input, weights + 32);
            a2 = Dot(a2, input, weights + 64);
            a3 = Dot(a3, input, weights + 96);
            input = Inputs4(x + Group);
            b0 = Dot(b0, input, weights + 128);
            b1 = Dot(b1, input, weights + 160);
            b2 = Dot(b2, input, weights + 192);
            b3 = Dot(b3, input, weights + 224);
        }
        if (g < groups)
        {
            var input = Inputs4(x);
            a0 = Dot(a0, input, weights);
            a1 = Dot(a1, input, weights + 32);
            a2 = Dot(a2, input, weights + 64);
            a3 = Dot(a3, input, weights + 96);
        }
        Finish(a0 + b0, a1 + b1, a2 + b2, a3 + b3, y, bias, scales, sums, range, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoRows(
        byte* x, int width, sbyte* weights, int groups, float* y, nint outputWidth, float* bias, float* scales, int* sums,
        RowRange* ranges, Epilogue epilogue)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        byte* second = x + width;
        for (int g = 0; g < groups; g++, x += Group, second += Group, weights += Block * Group)
        {
            VectorMath.PrefetchTwo(weights + PrefetchDistance);
            Vector256<sbyte> w0 = Vector256.Load(weights), w1 = Vector256.Load(weights + 32);
            Vector256<sbyte> w2 = Vector256.Load(weights + 64), w3 = Vector256.Load(weights + 96);
            var input = Inputs4(x);
            (a0, a1, a2, a3) = (Dot(a0, input, w0), Dot(a1, input, w1), Dot(a2, input, w2), Dot(a3, input, w3));
            input = Inputs4(second);
            (b0, b1, b2, b3) = (Dot(b0, input, w0), Dot(b1, input, w1), Dot(b2, input, w2), Dot(b3, input, w3));
        }
        Finish(a0, a1, a2, a3, y, bias, scales, sums, ranges, epilogue);
        Finish(b0, b1, b2, b3, y + outputWidth, bias, scales, sums, ranges + 1, epilogue);
    }

    /// <summary>Sixteen sums: the instruction's sums can only be in registers 0 to 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(
        byte* x, int width, sbyte* weights, int groups, float* y, nint outputWidth, float* bias, float* scales, int* sums,
        RowRange* ranges, Epilogue epilogue)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        Vector256<int> c0 = default, c1 = default, c2 = default, c3 = default;
        Vector256<int> d0 = default, d1 = default, d2 = default, d3 = default;
        byte* second = x + width, third = second + width, fourth = third + width;
        for (nint i = 0; i < groups * Group; i += Group, weights += Block * Group)
        {
            VectorMath.PrefetchTwo(weights + PrefetchDistance);
            Vector256<sbyte> w0 = Vector256.Load(weights), w1 = Vector256.Load(weights + 32);
            Vector256<sbyte> w2 = Vector256.Load(weights + 64), w3 = Vector256.Load(weights + 96);
            var input = Inputs4(x + i);
            (a0, a1, a2, a3) = (Dot(a0, input, w0), Dot(a1, input, w1), Dot(a2, input, w2), Dot(a3, input, w3));
            input = Inputs4(second + i);
            (b0, b1, b2, b3) = (Dot(b0, input, w0), Dot(b1, input, w1), Dot(b2, input, w2), Dot(b3, input, w3));
            input = Inputs4(third + i);
            (c0, c1, c2, c3) = (Dot(c0, input, w0), Dot(c1, input, w1), Dot(c2, input, w2), Dot(c3, input, w3));
            input = Inputs4(fourth + i);
            (d0, d1, d2, d3) = (Dot(d0, input, w0), Dot(d1, input, w1), Dot(d2, input, w2), Dot(d3, input, w3));
        }
        Finish(a0, a1, a2, a3, y, bias, scales, sums, ranges, epilogue);
        Finish(b0, b1, b2, b3, y + outputWidth, bias, scales, sums, ranges + 1, epilogue);
        Finish(c0, c1, c2, c3, y + 2 * outputWidth, bias, scales, sums, ranges + 2, epilogue);
        Finish(d0, d1, d2, d3, y + 3 * outputWidth, bias, scales, sums, ranges + 3, epilogue);
    }

    /// <summary>A product of two numbers of 8 bits fits into 16, a sum of them into 32.</summary>
    private static void Portable(
        byte* x, sbyte* weights, int groups, float* y, float* bias, float* scales, int* sums, RowRange* range, Epilogue epilogue)
    {
        var dots = stackalloc int[Block];
        new Span<int>(dots, Block).Clear();
        for (int g = 0; g < groups; g++, x += Group, weights += Block * Group)
        {
            var input = Vector128.Create((ulong)x[0] | (ulong)x[1] << 16 | (ulong)x[2] << 32 | (ulong)x[3] << 48).AsInt16();
            for (int output = 0; output < Block; output += 4)
            {
                var (first, second) = Vector128.Widen(Vector128.Load(weights + output * Group));
                var (a, b) = Vector128.Widen(first * input);
                var (c, d) = Vector128.Widen(second * input);
                dots[output] += Vector128.Sum(a);
                dots[output + 1] += Vector128.Sum(b);
                dots[output + 2] += Vector128.Sum(c);
                dots[output + 3] += Vector128.Sum(d);
            }
        }
        Finish(Vector256.Load(dots), Vector256.Load(dots + 8), Vector256.Load(dots + 16), Vector256.Load(dots + 24),
            y, bias, scales, sums, range, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Inputs4(byte* x) => Vector256.Create(*(int*)x).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> x, sbyte* weights) => Dot(sum, x, Vector256.Load(weights));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> x, Vector256<sbyte> weights) =>
        AvxVnni.MultiplyWideningAndAdd(sum, x, weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(
        Vector256<int> s0, Vector256<int> s1, Vector256<int> s2, Vector256<int> s3, float* y, float* bias, float* scales, int* sums,
        RowRange* range, Epilogue epilogue)
    {
        Finish(s0, y, bias, scales, sums, range, epilogue);
        Finish(s1, y + 8, bias + 8, scales + 8, sums + 8, range, epilogue);
        Finish(s2, y + 16, bias + 16, scales + 16, sums + 16, range, epilogue);
        Finish(s3, y + 24, bias + 24, scales + 24, sums + 24, range, epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(Vector256<int> dots, float* y, float* bias, float* scales, int* sums, RowRange* range, Epilogue epilogue)
    {
        var exact = dots - Vector256.Load(sums) * range->Zero;
        var result = Vector256.ConvertToSingle(exact) * (Vector256.Load(scales) * range->Scale) + Vector256.Load(bias);
        if (epilogue == Epilogue.StoreRelu)
            result = Vector256.Max(result, default);
        else if (epilogue == Epilogue.Add)
            result += Vector256.Load(y);
        result.Store(y);
    }
}
