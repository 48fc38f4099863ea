using System.Runtime.CompilerServices;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>The columns of one head in the rows of one sequence: a part of a matrix of tokens.</summary>
/// <param name="First">The first number of the first row.</param>
/// <param name="Width">Numbers from one row to the next.</param>
/// <param name="Count">Rows.</param>
internal readonly unsafe record struct HeadRows(nint First, long Width, int Count)
{
    /// <summary>Some rows, times a factor, as float32.</summary>
    /// <param name="start">The first of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="dimension">Numbers of a row.</param>
    /// <param name="to">(count, step)</param>
    /// <param name="step">Elements from one row of it to the next.</param>
    /// <param name="factor">1 for the numbers as they are.</param>
    public void Load<T>(int start, int count, int dimension, float* to, int step, float factor = 1)
        where T : INumbers
    {
        for (int row = 0; row < count; row++)
            Copy<T, Float32Numbers>(At<T>(start + row), to + row * step, dimension, factor);
    }

    /// <summary>Overwrites some rows, as <see cref="Load"/> gave them.</summary>
    public void Store<T>(int start, int count, int dimension, float* from, int step, float factor = 1)
        where T : INumbers
    {
        for (int row = 0; row < count; row++)
            Copy<Float32Numbers, T>(from + row * step, At<T>(start + row), dimension, factor);
    }

    /// <summary>Numbers times a factor, converted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy<TFrom, TTo>(void* from, void* to, int count, float factor = 1)
        where TFrom : INumbers
        where TTo : INumbers
    {
        int i = 0;
        for (; i <= count - INumbers.Lanes; i += INumbers.Lanes)
        {
            var (lower, upper) = TFrom.Load(from, i);
            TTo.Store(to, i, lower * factor, upper * factor);
        }
        for (; i < count; i++)
            TTo.StoreOne(to, i, TFrom.LoadOne(from, i) * factor);
    }

    private byte* At<T>(int row)
        where T : INumbers => (byte*)First + row * Width * T.Size;
}
