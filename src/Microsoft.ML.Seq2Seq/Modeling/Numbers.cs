using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Numbers in memory as float32, whatever they are kept as: thirty-two at a time, or one.</summary>
internal unsafe interface INumbers
{
    /// <summary>How many <see cref="Load"/> gives.</summary>
    const int Lanes = 32;

    static abstract int Size { get; }

    static abstract (Vector512<float> Lower, Vector512<float> Upper) Load(void* numbers, int index);

    static abstract void Store(void* numbers, int index, Vector512<float> lower, Vector512<float> upper);

    static abstract float LoadOne(void* numbers, int index);

    static abstract void StoreOne(void* numbers, int index, float number);
}

/// <inheritdoc/>
internal readonly unsafe struct Float32Numbers : INumbers
{
    public static int Size => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> Lower, Vector512<float> Upper) Load(void* numbers, int index) =>
        (Vector512.Load((float*)numbers + index), Vector512.Load((float*)numbers + index + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* numbers, int index, Vector512<float> lower, Vector512<float> upper)
    {
        lower.Store((float*)numbers + index);
        upper.Store((float*)numbers + index + 16);
    }

    public static float LoadOne(void* numbers, int index) => ((float*)numbers)[index];

    public static void StoreOne(void* numbers, int index, float number) => ((float*)numbers)[index] = number;
}

/// <inheritdoc/>
internal readonly unsafe struct BFloat16Numbers : INumbers
{
    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> Lower, Vector512<float> Upper) Load(void* numbers, int index) =>
        BFloat16Rows.Widen((ushort*)numbers + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* numbers, int index, Vector512<float> lower, Vector512<float> upper) =>
        BFloat16Rows.Round(lower, upper).Store((ushort*)numbers + index);

    public static float LoadOne(void* numbers, int index) => BFloat16Rows.Widen(((ushort*)numbers)[index]);

    public static void StoreOne(void* numbers, int index, float number) => ((ushort*)numbers)[index] = BFloat16Panel.Round(number);
}
