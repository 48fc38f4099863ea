using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>The loops of dropout over a chunk of elements, each drawing as it goes: no mask is written or kept.</summary>
/// <param name="Threshold">An element whose draw is below is dropped.</param>
/// <param name="Kept">Factor of the others.</param>
internal readonly unsafe record struct DropoutKernel(ushort Threshold, float Kept)
{
    /// <summary>16 bits settle one element; the factor is that of the rounded probability, so the mean stays exact.</summary>
    public static DropoutKernel Of(double probability)
    {
        ushort threshold = (ushort)Math.Clamp(Math.Round(probability * 65536), 0, 65535);
        return new DropoutKernel(threshold, (float)(1 / (1 - threshold / 65536.0)));
    }

    /// <summary>y = dropped x; y may be x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Drop<TX, TY>(void* x, void* y, int count, ulong seed)
        where TX : INumbers
        where TY : INumbers
    {
        var draws = new DropoutDraws(seed);
        int i = 0;
        for (; i <= count - INumbers.Lanes; i += INumbers.Lanes)
        {
            var (lowerFactor, upperFactor) = Factors(draws.Next());
            var (lower, upper) = TX.Load(x, i);
            TY.Store(y, i, lower * lowerFactor, upper * upperFactor);
        }
        for (; i < count; i++)
            TY.StoreOne(y, i, TX.LoadOne(x, i) * Factor(draws.NextOne()));
    }

    /// <summary>sum = x + dropped y, x and sum in float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add<TY>(float* x, void* y, float* sum, int count, ulong seed)
        where TY : INumbers
    {
        var draws = new DropoutDraws(seed);
        int i = 0;
        for (; i <= count - INumbers.Lanes; i += INumbers.Lanes)
        {
            var (lowerFactor, upperFactor) = Factors(draws.Next());
            var (lower, upper) = TY.Load(y, i);
            (Vector512.Load(x + i) + lower * lowerFactor).Store(sum + i);
            (Vector512.Load(x + i + 16) + upper * upperFactor).Store(sum + i + 16);
        }
        for (; i < count; i++)
            sum[i] = x[i] + TY.LoadOne(y, i) * Factor(draws.NextOne());
    }

    /// <summary>x = dropped max(0, x)</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Relu<T>(void* x, int count, ulong seed)
        where T : INumbers
    {
        var draws = new DropoutDraws(seed);
        int i = 0;
        for (; i <= count - INumbers.Lanes; i += INumbers.Lanes)
        {
            var (lowerFactor, upperFactor) = Factors(draws.Next());
            var (lower, upper) = T.Load(x, i);
            T.Store(x, i, Vector512.Max(lower, Vector512<float>.Zero) * lowerFactor, Vector512.Max(upper, Vector512<float>.Zero) * upperFactor);
        }
        for (; i < count; i++)
            T.StoreOne(x, i, Math.Max(T.LoadOne(x, i), 0) * Factor(draws.NextOne()));
    }

    /// <summary>The gradient of what <see cref="Relu"/> got: it passes where something came out.</summary>
    /// <param name="y">What came out.</param>
    /// <param name="dy">Its gradient.</param>
    /// <param name="dx">Gets the result.</param>
    /// <param name="count">Of elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ReluGradient<T>(void* y, void* dy, void* dx, int count)
        where T : INumbers
    {
        var kept = Vector512.Create(Kept);
        int i = 0;
        for (; i <= count - INumbers.Lanes; i += INumbers.Lanes)
        {
            var (lower, upper) = T.Load(y, i);
            var (lowerGradient, upperGradient) = T.Load(dy, i);
            T.Store(dx, i,
                lowerGradient * (kept & Vector512.GreaterThan(lower, Vector512<float>.Zero)),
                upperGradient * (kept & Vector512.GreaterThan(upper, Vector512<float>.Zero)));
        }
        for (; i < count; i++)
            T.StoreOne(dx, i, T.LoadOne(y, i) > 0 ? T.LoadOne(dy, i) * Kept : 0);
    }

    /// <summary>What thirty-two numbers are multiplied with: 0, or <see cref="Kept"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (Vector512<float> Lower, Vector512<float> Upper) Factors(Vector512<ushort> draws)
    {
        var (limit, kept) = (Vector512.Create((uint)Threshold), Vector512.Create(Kept));
        var (lower, upper) = Vector512.Widen(draws);
        return (Vector512.AndNot(kept, Vector512.LessThan(lower, limit).AsSingle()), Vector512.AndNot(kept, Vector512.LessThan(upper, limit).AsSingle()));
    }

    private float Factor(ushort draw) => draw < Threshold ? 0 : Kept;
}
