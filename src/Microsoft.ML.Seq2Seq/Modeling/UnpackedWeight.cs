using Microsoft.ML.Seq2Seq.Persistence;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>A weight outside of the layout of a product.</summary>
/// <param name="Values">Float32, bfloat16 or integers.</param>
/// <param name="Scales">Of the rows; integers only.</param>
internal sealed record UnpackedWeight(RawTensor Values, float[]? Scales) : IDisposable
{
    /// <summary>Rows as float32.</summary>
    public void Read(int start, int count, Span<float> rows)
    {
        int width = count == 0 ? 0 : rows.Length / count;
        switch (Values.Entry.Type)
        {
            case ScalarType.Float32:
                Values.As<float>().Slice(start * width, rows.Length).CopyTo(rows);
                break;
            case ScalarType.BFloat16:
                var halves = Values.As<ushort>().Slice(start * width, rows.Length);
                for (int i = 0; i < rows.Length; i++)
                    rows[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
                break;
            default:
                var integers = Values.As<sbyte>().Slice(start * width, rows.Length);
                for (int i = 0; i < rows.Length; i++)
                    rows[i] = integers[i] * Scales![start + i / width];
                break;
        }
    }

    public void Dispose() => Values.Dispose();
}
