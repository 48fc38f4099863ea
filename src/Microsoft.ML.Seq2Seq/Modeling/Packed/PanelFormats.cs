using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>How the weights of two inputs and 64 outputs lie in memory.</summary>
internal unsafe interface IPanelFormat
{
    /// <summary>Bytes of one weight.</summary>
    static abstract int Size { get; }

    /// <summary>The first input's weights of outputs 16·vector …</summary>
    static abstract Vector512<float> First(byte* pair, int vector);

    /// <summary>The second input's.</summary>
    static abstract Vector512<float> Second(byte* pair, int vector);

    /// <summary>The first input's weights of outputs 8·vector …</summary>
    static abstract Vector256<float> First8(byte* pair, int vector);

    /// <summary>The second input's.</summary>
    static abstract Vector256<float> Second8(byte* pair, int vector);

    /// <summary>Fetches the weights of a pair that is used soon.</summary>
    static abstract void Prefetch(byte* pair);

    /// <summary>Fetches those of the first outputs alone.</summary>
    /// <param name="pair">Of inputs; or where in it some outputs' weights begin.</param>
    /// <param name="vectors">Of eight outputs: 2 or 4.</param>
    static abstract void Prefetch(byte* pair, int vectors);

    static abstract void Set(byte* pair, int input, int output, float value);

    static abstract float Get(byte* pair, int input, int output);
}

/// <summary>[input][output], float32.</summary>
internal readonly unsafe struct Float32Panel : IPanelFormat
{
    public static int Size => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> First(byte* pair, int vector) => Vector512.Load((float*)pair + 16 * vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Second(byte* pair, int vector) => Vector512.Load((float*)pair + PackedMatrix.Panel + 16 * vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> First8(byte* pair, int vector) => Vector256.Load((float*)pair + 8 * vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Second8(byte* pair, int vector) => Vector256.Load((float*)pair + PackedMatrix.Panel + 8 * vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* pair)
    {
        VectorMath.PrefetchFour(pair);
        VectorMath.PrefetchFour(pair + 256);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* pair, int vectors)
    {
        for (int line = 0; line < vectors / 2; line++)
        {
            VectorMath.Prefetch(pair + 64 * line);
            VectorMath.Prefetch(pair + 256 + 64 * line);
        }
    }

    public static void Set(byte* pair, int input, int output, float value) => ((float*)pair)[input * PackedMatrix.Panel + output] = value;

    public static float Get(byte* pair, int input, int output) => ((float*)pair)[input * PackedMatrix.Panel + output];
}

/// <summary>[output][input], the upper halves of float32 numbers: one register's lanes hold the second input's weight and,
/// below it, the first one's.</summary>
internal readonly unsafe struct BFloat16Panel : IPanelFormat
{
    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> First(byte* pair, int vector) =>
        Vector512.ShiftLeft(Vector512.Load((uint*)pair + 16 * vector), 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Second(byte* pair, int vector) =>
        (Vector512.Load((uint*)pair + 16 * vector) & Vector512.Create(0xFFFF0000u)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> First8(byte* pair, int vector) =>
        Vector256.ShiftLeft(Vector256.Load((uint*)pair + 8 * vector), 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Second8(byte* pair, int vector) =>
        (Vector256.Load((uint*)pair + 8 * vector) & Vector256.Create(0xFFFF0000u)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* pair) => VectorMath.PrefetchFour(pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* pair, int vectors)
    {
        for (int line = 0; line < vectors / 2; line++)
            VectorMath.Prefetch(pair + 64 * line);
    }

    public static void Set(byte* pair, int input, int output, float value) => ((ushort*)pair)[2 * output + input] = Round(value);

    public static float Get(byte* pair, int input, int output) =>
        BitConverter.UInt32BitsToSingle((uint)((ushort*)pair)[2 * output + input] << 16);

    /// <summary>To the nearest, ties to even. A NaN stays one.</summary>
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
