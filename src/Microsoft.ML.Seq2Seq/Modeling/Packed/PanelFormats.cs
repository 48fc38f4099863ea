using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>How the weights of two inputs and some outputs lie in memory: 64 outputs, a panel, or 16, a strip.</summary>
internal unsafe interface IPanelFormat
{
    /// <summary>Bytes of one weight.</summary>
    static abstract int Size { get; }

    /// <summary>The first input's weights of a panel's outputs 16·vector …</summary>
    static abstract Vector512<float> First(byte* pair, int vector);

    /// <summary>The second input's.</summary>
    static abstract Vector512<float> Second(byte* pair, int vector);

    /// <summary>The first input's weights of a strip's outputs 8·vector …</summary>
    static abstract Vector256<float> First8(byte* pair, int vector);

    /// <summary>The second input's.</summary>
    static abstract Vector256<float> Second8(byte* pair, int vector);

    /// <summary>Fetches a panel's weights of a pair that is used soon.</summary>
    static abstract void Prefetch(byte* pair);

    /// <summary>Fetches a strip's.</summary>
    static abstract void Prefetch8(byte* pair);

    /// <param name="width">Of the panel or strip, in outputs.</param>
    static abstract void Set(byte* pair, int width, int input, int output, float value);

    static abstract float Get(byte* pair, int width, int input, int output);
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
    public static Vector256<float> Second8(byte* pair, int vector) => Vector256.Load((float*)pair + PackedMatrix.Strip + 8 * vector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* pair)
    {
        VectorMath.PrefetchFour(pair);
        VectorMath.PrefetchFour(pair + 256);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch8(byte* pair) => VectorMath.PrefetchTwo(pair);

    public static void Set(byte* pair, int width, int input, int output, float value) => ((float*)pair)[input * width + output] = value;

    public static float Get(byte* pair, int width, int input, int output) => ((float*)pair)[input * width + output];
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
    public static void Prefetch8(byte* pair) => VectorMath.Prefetch(pair);

    public static void Set(byte* pair, int width, int input, int output, float value) => ((ushort*)pair)[2 * output + input] = Round(value);

    public static float Get(byte* pair, int width, int input, int output) =>
        BitConverter.UInt32BitsToSingle((uint)((ushort*)pair)[2 * output + input] << 16);

    /// <summary>To the nearest, ties to even. A NaN stays one.</summary>
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
