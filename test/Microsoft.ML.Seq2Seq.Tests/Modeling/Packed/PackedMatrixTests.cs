using Microsoft.ML.Seq2Seq.Modeling;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Tests.Modeling;

/// <summary>Packed products against sums in double precision.</summary>
[TestClass]
public sealed unsafe class PackedMatrixTests
{
    private static readonly InferencePrecision[] _precisions =
        [InferencePrecision.Float32, InferencePrecision.BFloat16, InferencePrecision.Int8];

    private readonly Random _random = new(7);

    public static IEnumerable<object[]> Shapes() =>
        from precision in _precisions
        from shape in new[] { (1, 1, 1), (2, 3, 5), (3, 64, 64), (4, 65, 63), (5, 130, 130), (6, 40, 7), (7, 200, 129), (17, 70, 33), (60, 64, 2100) }
        select new object[] { precision, shape.Item1, shape.Item2, shape.Item3 };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void AProductEqualsTheSumsOfWhatTheMatrixHolds(InferencePrecision precision, int rows, int outputs, int inputs)
    {
        float[] weight = Normal(outputs * inputs), bias = Normal(outputs), x = Normal(rows * inputs);
        var matrix = PackedMatrix.Pack(weight, outputs, inputs, precision);
        float[] held = Held(matrix);
        float[] y = Multiply(matrix, x, rows, bias, Epilogue.Store);
        // Of int8, x is rounded too: to 1/255 of its range, an error that grows with the root of the sum's length.
        double tolerance = precision == InferencePrecision.Int8 ? 0.06 * Math.Sqrt(inputs) : 1e-5 * Math.Sqrt(inputs) + 1e-5;
        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < outputs; output++)
            {
                double expected = bias[output];
                for (int input = 0; input < inputs; input++)
                    expected += (double)x[row * inputs + input] * held[output * inputs + input];
                Assert.AreEqual(expected, y[row * outputs + output], tolerance, $"row {row}, output {output}");
            }
        }
    }

    [TestMethod]
    [DataRow(InferencePrecision.Float32, 0)]
    [DataRow(InferencePrecision.BFloat16, 1.0 / 256)]
    [DataRow(InferencePrecision.Int8, 1.0 / 20)]
    public void WeightsComeBackAsRoundedAsTheirPrecisionSays(InferencePrecision precision, double relative)
    {
        float[] weight = Normal(70 * 37);
        float[] held = Held(PackedMatrix.Pack(weight, 70, 37, precision));
        for (int i = 0; i < weight.Length; i++)
            Assert.AreEqual(weight[i], held[i], precision == InferencePrecision.Int8 ? relative : Math.Abs(weight[i]) * relative);
    }

    [TestMethod]
    [DataRow(InferencePrecision.Float32)]
    [DataRow(InferencePrecision.BFloat16)]
    [DataRow(InferencePrecision.Int8)]
    public void ARowIsTheSameToTheBitInAnyBatch(InferencePrecision precision)
    {
        const int Rows = 150, Outputs = 97, Inputs = 515;
        var matrix = PackedMatrix.Pack(Normal(Outputs * Inputs), Outputs, Inputs, precision);
        float[] x = Normal(Rows * Inputs), bias = Normal(Outputs);
        float[] all = Multiply(matrix, x, Rows, bias, Epilogue.Store);
        for (int first = 0; first < Rows;)
        {
            int count = Math.Min(1 + first % 13, Rows - first);
            float[] some = Multiply(matrix, x[(first * Inputs)..((first + count) * Inputs)], count, bias, Epilogue.Store);
            CollectionAssert.AreEqual(all[(first * Outputs)..((first + count) * Outputs)], some, $"rows {first} … {first + count - 1}");
            first += count;
        }
    }

    [TestMethod]
    [DataRow(InferencePrecision.Float32)]
    [DataRow(InferencePrecision.BFloat16)]
    [DataRow(InferencePrecision.Int8)]
    public void AnEpilogueCutsOffOrAdds(InferencePrecision precision)
    {
        const int Rows = 7, Outputs = 70, Inputs = 20;
        var matrix = PackedMatrix.Pack(Normal(Outputs * Inputs), Outputs, Inputs, precision);
        float[] x = Normal(Rows * Inputs), bias = Normal(Outputs), before = Normal(Rows * Outputs);
        float[] plain = Multiply(matrix, x, Rows, bias, Epilogue.Store);
        CollectionAssert.AreEqual(Array.ConvertAll(plain, value => MathF.Max(value, 0)), Multiply(matrix, x, Rows, bias, Epilogue.StoreRelu));
        CollectionAssert.AreEqual(plain.Zip(before, (a, b) => a + b).ToArray(), Multiply(matrix, x, Rows, bias, Epilogue.Add, before));
    }

    /// <summary>A machine takes one of them by its registers; each sums every output in the order of the inputs.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void KernelsForNarrowAndForWideRegistersGiveTheSameBits(bool isReduced)
    {
        const int Rows = 23, Outputs = 97, Inputs = 515;
        float[] weight = Normal(Outputs * Inputs), x = Normal(Rows * Inputs), bias = Normal(Outputs), before = Normal(Rows * Outputs);
        PackedMatrix Pack(bool isNarrow) => isReduced
            ? PanelMatrix<BFloat16Panel>.Pack(weight, Outputs, Inputs, isNarrow)
            : PanelMatrix<Float32Panel>.Pack(weight, Outputs, Inputs, isNarrow);
        PackedMatrix narrow = Pack(true), wide = Pack(false);
        CollectionAssert.AreEqual(Held(wide), Held(narrow));
        for (int rows = 1; rows <= Rows; rows++)
            foreach (var epilogue in new[] { Epilogue.Store, Epilogue.StoreRelu, Epilogue.Add })
                CollectionAssert.AreEqual(
                    Multiply(wide, x[..(rows * Inputs)], rows, bias, epilogue, before[..(rows * Outputs)]),
                    Multiply(narrow, x[..(rows * Inputs)], rows, bias, epilogue, before[..(rows * Outputs)]), $"{rows} rows, {epilogue}");
    }

    [TestMethod]
    public void AllWaysToSumInt8GiveTheSameBits()
    {
        const int Rows = 23, Outputs = 75, Inputs = 133;
        var values = new sbyte[Outputs * Inputs];
        var scales = new float[Outputs];
        Int8Matrix.Quantize(Normal(Outputs * Inputs), values, scales);
        float[] x = Normal(Rows * Inputs), bias = Normal(Outputs), before = Normal(Rows * Outputs);
        x[5] = 300; // an outlier takes all of the range
        foreach (var way in Enum.GetValues<Int8Sums>().Where(way => way != Int8Sums.Wide || Int8Wide.IsSupported))
        {
            var pairs = new Int8Matrix(values, scales, Outputs, Inputs, Int8Sums.Pairs);
            var matrix = new Int8Matrix(values, scales, Outputs, Inputs, way);
            CollectionAssert.AreEqual(Held(pairs), Held(matrix));
            for (int rows = 1; rows <= Rows; rows++)
                foreach (var epilogue in new[] { Epilogue.Store, Epilogue.StoreRelu, Epilogue.Add })
                    CollectionAssert.AreEqual(
                        Multiply(pairs, x[..(rows * Inputs)], rows, bias, epilogue, before[..(rows * Outputs)]),
                        Multiply(matrix, x[..(rows * Inputs)], rows, bias, epilogue, before[..(rows * Outputs)]), $"{way}, {rows} rows, {epilogue}");
        }
    }

    [TestMethod]
    public void Int8SumsReachTheirExtremesWithoutOverflow()
    {
        const int Inputs = 4096;
        var values = new sbyte[Inputs];
        values.AsSpan().Fill(-127);
        float[] x = [.. Enumerable.Repeat(255f, Inputs)];
        var matrix = PackedMatrix.FromInt8(values, [1], 1, Inputs);
        Assert.AreEqual(-127f * 255 * Inputs, Multiply(matrix, x, 1, [0], Epilogue.Store)[0]);
    }

    [TestMethod]
    public void BFloat16BitsAreTakenAsTheyAre()
    {
        float[] weight = [1.5f, -2, 0.0078125f, 3e38f, 0, 1e-38f];
        ushort[] bits = Array.ConvertAll(weight, BFloat16Panel.Round);
        CollectionAssert.AreEqual(Held(PackedMatrix.Pack(weight, 2, 3, InferencePrecision.BFloat16)), Held(PackedMatrix.FromBFloat16(bits, 2, 3)));
        Assert.AreEqual(1.0078125f, Held(PackedMatrix.FromBFloat16([BFloat16Panel.Round(1.01f)], 1, 1))[0]);
        Assert.IsTrue(float.IsNaN(Held(PackedMatrix.FromBFloat16([BFloat16Panel.Round(float.NaN)], 1, 1))[0]));
    }

    [TestMethod]
    [DataRow(InferencePrecision.Float32)]
    [DataRow(InferencePrecision.BFloat16)]
    [DataRow(InferencePrecision.Int8)]
    public void ThreadsThatShareAProductGiveTheSameBits(InferencePrecision precision)
    {
        const int Outputs = 40_000, Inputs = 256; // large enough to be shared
        var weight = new float[Outputs * Inputs];
        for (int i = 0; i < weight.Length; i++)
            weight[i] = _random.NextSingle() - 0.5f;
        var matrix = PackedMatrix.Pack(weight, Outputs, Inputs, precision);
        var bias = new float[Outputs];
        for (int rows = 1; rows < 6; rows++)
        {
            float[] x = Normal(rows * Inputs);
            float[] alone = Multiply(matrix, x, rows, bias, Epilogue.Store);
            using var team = new Team(3);
            var shared = new Arena();
            shared.Team = team;
            for (int repeat = 0; repeat < 10; repeat++)
                CollectionAssert.AreEqual(alone, Multiply(matrix, x, rows, bias, Epilogue.Store, scratch: shared));
        }
    }

    [TestMethod]
    [DataRow(InferencePrecision.Float32, 1)]
    [DataRow(InferencePrecision.BFloat16, 2)]
    [DataRow(InferencePrecision.Int8, 1)]
    [DataRow(InferencePrecision.Int8, 3)]
    public void LogitsAreSummedUpBlockByBlock(InferencePrecision precision, int threads)
    {
        const int Rows = 150, Outputs = 1234, Inputs = 2048; // rows that are multiplied in more than one go
        var matrix = PackedMatrix.Pack(Normal(Outputs * Inputs), Outputs, Inputs, precision);
        float[] x = Normal(Rows * Inputs), bias = Normal(Outputs);
        int width = PackedMatrix.Padded(Outputs), blocks = LogitBlock.Count(Outputs);
        Pinned<float> input = Pinned<float>.Copy(x, x.Length), logits = new(Rows * width), shift = Pinned<float>.Copy(bias, width);
        Pinned<float> maxima = new(Rows * blocks), sums = new(Rows * blocks);
        using var team = new Team(threads);
        var scratch = new Arena { Team = team };
        scratch.Product.Summary = new LogitSummary(logits.First, Outputs, maxima.First, sums.First);

        matrix.Multiply(input.First, Rows, logits.First, shift.First, Epilogue.StoreAndSummarize, scratch);

        float[] y = Multiply(matrix, x, Rows, bias, Epilogue.Store);
        for (int row = 0; row < Rows; row++)
            for (int block = 0; block < blocks; block++)
            {
                float[] part = y[(row * Outputs + block * 64)..(row * Outputs + Math.Min(Outputs, (block + 1) * 64))];
                Assert.AreEqual(part.Max(), maxima.Span[row * blocks + block]);
                double expected = part.Sum(logit => Math.Exp((double)logit - part.Max()));
                Assert.AreEqual(expected, sums.Span[row * blocks + block], 1e-5 * expected);
            }
    }

    [TestMethod]
    public void APrecisionThatIsNoneIsRefused()
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => PackedMatrix.Pack([1], 1, 1, InferencePrecision.Auto));
        StringAssert.Contains(error.Message, "Auto", StringComparison.Ordinal);
    }

    private float[] Normal(int count) => [.. Enumerable.Range(0, count).Select(_ =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble())))];

    /// <summary>(outputs, inputs)</summary>
    private static float[] Held(PackedMatrix matrix)
    {
        int width = PackedMatrix.Padded(matrix.Inputs);
        var row = new Pinned<float>(width);
        var held = new float[matrix.Outputs * matrix.Inputs];
        for (int output = 0; output < matrix.Outputs; output++)
        {
            row.Span.Fill(1);
            matrix.CopyRow(output, row.First);
            row.Span[..matrix.Inputs].CopyTo(held.AsSpan(output * matrix.Inputs));
            Assert.IsFalse(row.Span[matrix.Inputs..].ContainsAnyExcept(0f), "padding");
        }
        GC.KeepAlive(row);
        return held;
    }

    /// <summary>(rows, inputs) → (rows, outputs)</summary>
    private static float[] Multiply(PackedMatrix matrix, float[] x, int rows, float[] bias, Epilogue epilogue, float[]? before = null, Arena? scratch = null)
    {
        int width = PackedMatrix.Padded(matrix.Inputs), outputWidth = PackedMatrix.Padded(matrix.Outputs);
        Pinned<float> padded = new(rows * width), result = new(rows * outputWidth), shift = Pinned<float>.Copy(bias, outputWidth);
        for (int row = 0; row < rows; row++)
        {
            x.AsSpan(row * matrix.Inputs, matrix.Inputs).CopyTo(padded.Span[(row * width)..]);
            before?.AsSpan(row * matrix.Outputs, matrix.Outputs).CopyTo(result.Span[(row * outputWidth)..]);
        }
        matrix.Multiply(padded.First, rows, result.First, shift.First, epilogue, scratch ?? new Arena());
        var y = new float[rows * matrix.Outputs];
        for (int row = 0; row < rows; row++)
        {
            result.Span.Slice(row * outputWidth, matrix.Outputs).CopyTo(y.AsSpan(row * matrix.Outputs));
            Assert.IsFalse(result.Span.Slice(row * outputWidth + matrix.Outputs, outputWidth - matrix.Outputs).ContainsAnyExcept(0f), "padding");
        }
        GC.KeepAlive(padded);
        GC.KeepAlive(result);
        GC.KeepAlive(shift);
        return y;
    }
}
