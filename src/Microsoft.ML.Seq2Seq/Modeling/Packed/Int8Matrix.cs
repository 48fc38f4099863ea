using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>By what sums of products of integers are computed.</summary>
internal enum Int8Sums
{
    /// <summary><see cref="Int8Pairs"/>, on any machine.</summary>
    Pairs,

    /// <summary><see cref="Int8Quads"/>, with AVX-VNNI.</summary>
    Quads,

    /// <summary><see cref="Int8Wide"/>, with the VNNI of AVX-512.</summary>
    Wide,
}

/// <summary>
/// Weights as integers of 8 bits with a scale for each output. A row that is multiplied with them is rounded to 8 bits too,
/// between its smallest and its largest element: x ≈ scale · (q - zero), so that Σ x w ≈ scale · (Σ q w - zero · Σ w). The
/// sums of integers are exact, in whatever order.
/// </summary>
internal sealed unsafe class Int8Matrix : PackedMatrix
{
    private readonly Pinned<sbyte> _weights; // [outputs / block][inputs / group][block][group]
    private readonly Pinned<float> _scales; // (outputs)
    private readonly Pinned<int> _sums; // (outputs) Σ w
    private readonly Int8Sums _way;
    private readonly int _group; // inputs that are multiplied and summed at once
    private readonly int _groups;
    private readonly int _block; // outputs whose weights stand side by side

    /// <inheritdoc cref="PackedMatrix.FromInt8"/>
    /// <param name="way">To sum up; null: the fastest that this machine has. The sums are the same.</param>
    public Int8Matrix(ReadOnlySpan<sbyte> values, ReadOnlySpan<float> scales, int outputs, int inputs, Int8Sums? way = null)
        : base(outputs, inputs)
    {
        _way = way ?? Fastest;
        (_group, _block) = _way switch
        {
            Int8Sums.Wide => (Int8Wide.Group, Int8Wide.Block),
            Int8Sums.Quads => (Int8Quads.Group, Int8Quads.Block),
            _ => (Int8Pairs.Group, Int8Pairs.Block),
        };
        _groups = (inputs + _group - 1) / _group;
        _weights = new Pinned<sbyte>(checked(Padded(outputs) * _groups * _group));
        _scales = Pinned<float>.Copy(scales, Padded(outputs));
        _sums = new Pinned<int>(Padded(outputs));
        for (int output = 0; output < outputs; output++)
            _sums.First[output] = Fill(Weight(output), _group, _block, values.Slice(output * inputs, inputs));
    }

    /// <summary>Whether this machine has instructions for sums of products of integers.</summary>
    public static bool IsFast => Int8Pairs.IsFast;

    private static Int8Sums Fastest => Int8Wide.IsSupported ? Int8Sums.Wide : Int8Quads.IsSupported ? Int8Sums.Quads : Int8Sums.Pairs;

    public override long Bytes => _weights.Length + 8L * _scales.Length;

    /// <returns>The sum of a row.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Fill(sbyte* weights, int group, int block, ReadOnlySpan<sbyte> row)
    {
        int sum = 0;
        for (int input = 0; input < row.Length; input += group, weights += block * group)
        {
            for (int i = 0; i < group && input + i < row.Length; i++)
            {
                weights[i] = row[input + i];
                sum += row[input + i];
            }
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
        float scale = _scales.First[output];
        sbyte* weights = Weight(output);
        int input = 0;
        for (; input < Inputs; input += _group, weights += _block * _group)
            for (int i = 0; i < _group; i++)
                values[input + i] = weights[i] * scale;
        for (; input < Padded(Inputs); input++)
            values[input] = 0;
        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(float* x, int rows, float* y, float* bias, Epilogue epilogue, Arena scratch)
    {
        var mark = scratch.Mark();
        bool isWidened = _way == Int8Sums.Pairs;
        int width = Padded(Inputs), outputWidth = Padded(Outputs), chunk = Math.Min(rows, ChunkRows(isWidened ? 2 * width : width));
        byte* quantized = scratch.Take<byte>(chunk * width);
        short* widened = isWidened ? scratch.Take<short>(chunk * width) : null;
        var ranges = scratch.Take<RowRange>(chunk);
        for (int start = 0; start < rows; start += chunk)
        {
            int count = Math.Min(chunk, rows - start);
            for (int row = 0; row < count; row++)
                ranges[row] = RowRange.Quantize(x + (nint)(start + row) * width, quantized + row * width, width);
            if (isWidened)
                Widen(quantized, widened, count * width);
            scratch.Product.Compute(scratch.Team, this, isWidened ? widened : quantized, ranges, count, y + (nint)start * outputWidth, bias, epilogue);
        }
        scratch.Release(mark);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(byte* values, short* widened, int count)
    {
        for (int i = 0; i < count; i += Vector256<byte>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Load(values + i));
            lower.AsInt16().Store(widened + i);
            upper.AsInt16().Store(widened + i + Vector256<short>.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void MultiplyPanels(
        void* x, void* ranges, int rows, float* y, float* bias, Epilogue epilogue, int firstPanel, int lastPanel)
    {
        int width = Padded(Inputs), outputWidth = Padded(Outputs);
        for (int output = firstPanel * Panel; output < lastPanel * Panel; output += _block)
        {
            sbyte* weights = Weight(output);
            float* scales = _scales.First + output;
            int* sums = _sums.First + output;
            switch (_way)
            {
                case Int8Sums.Wide:
                    Int8Wide.Multiply(
                        (byte*)x, width, (RowRange*)ranges, rows, weights, _groups, y + output, outputWidth, bias + output, scales, sums, epilogue);
                    break;
                case Int8Sums.Quads:
                    Int8Quads.Multiply(
                        (byte*)x, width, (RowRange*)ranges, rows, weights, _groups, y + output, outputWidth, bias + output, scales, sums, epilogue);
                    break;
                default:
                    Int8Pairs.Multiply(
                        (short*)x, width, (RowRange*)ranges, rows, weights, _groups, y + output, outputWidth, bias + output, scales, sums, epilogue);
                    break;
            }
        }
        GC.KeepAlive(this);
    }

    /// <summary>An output's weights of the first group of inputs.</summary>
    private sbyte* Weight(int output) => _weights.First + (nint)(output / _block) * _groups * (_block * _group) + output % _block * _group;

    /// <summary>What the sums of integers stand for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Finish(Vector256<int> dots, float* y, float* bias, float* scales, int* sums, RowRange* range, Epilogue epilogue)
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
