using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Which keys and values one position attends to, and what is added to its scores.</summary>
/// <param name="rows">(Count) for each, where its position's numbers begin.</param>
/// <param name="keys">Elements from there to the keys of all groups of heads.</param>
/// <param name="values">Elements from there to the values.</param>
/// <param name="bias">(H, …) added to the scores of each head, or null.</param>
/// <param name="biasStride">Elements from one head's to the next.</param>
internal readonly unsafe struct Attended(float** rows, int count, nint keys, nint values, float* bias, int biasStride)
{
    public readonly float** Rows = rows;
    public readonly int Count = count;
    public readonly nint Keys = keys;
    public readonly nint Values = values;
    public readonly float* Bias = bias;
    public readonly int BiasStride = biasStride;
}

/// <summary>softmax(qKᵀ/√d)V of one position: nothing larger than its own scores is kept.</summary>
internal readonly unsafe struct AttentionKernel(int heads, int groups, int dimension)
{
    private readonly float _scale = MathF.Pow(dimension, -0.5f);

    /// <summary>Memory for the scores of one position on so many others.</summary>
    public int ScoresFor(int count) => heads * ((count + 15) & ~15);

    /// <param name="query">(H·d)</param>
    /// <param name="attended">What it attends to, itself included in self-attention.</param>
    /// <param name="result">(H·d)</param>
    /// <param name="scores">Memory: <see cref="ScoresFor"/>.</param>
    /// <param name="shares">(Count) gets the shares of a head, or the mean of all; null: nothing wants them.</param>
    /// <param name="sharing">The head; null: all.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Attend(float* query, in Attended attended, float* result, float* scores, float* shares, int? sharing = null)
    {
        // Each stage for all heads before the next: a head's sums need not wait for another head's shares.
        int width = (attended.Count + 15) & ~15;
        Score(query, attended, scores, width);
        if (attended.Bias != null)
            for (int head = 0; head < heads; head++)
                VectorMath.Add(scores + head * width, attended.Bias + head * attended.BiasStride, attended.Count);
        VectorMath.Softmax(scores, heads, attended.Count, width);
        if (dimension % 32 == 0)
            SumSideBySide(scores, width, attended, result);
        else
            for (int head = 0; head < heads; head++)
                Sum(scores + head * width, attended.Rows, attended.Count, attended.Values + Group(head), dimension, result + head * dimension);
        if (shares != null && sharing is { } only)
            new Span<float>(scores + only * width, attended.Count).CopyTo(new Span<float>(shares, attended.Count));
        else if (shares != null)
        {
            new Span<float>(shares, attended.Count).Clear();
            for (int head = 0; head < heads; head++)
                for (int i = 0; i < attended.Count; i++)
                    shares[i] += scores[head * width + i] / heads;
        }
    }

    /// <summary>Elements to the keys or values of the group that a head belongs to.</summary>
    private nint Group(int head) => head / (heads / groups) * dimension;

    /// <summary>The same of the values that belong to an element of the result.</summary>
    private nint Values(int element) => Group(element / dimension) + element % dimension;

    /// <summary>Scores of all heads: a position's keys, which stand side by side, are fetched together.</summary>
    /// <param name="scores">(H, width)</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Score(float* query, in Attended attended, float* scores, int width)
    {
        int full = dimension & ~15, last = attended.Count - 1, share = heads / groups;
        float** rows = attended.Rows;
        // Four keys at a time, so that no sum waits for another. Behind the last one, it is taken again for nothing.
        for (int i = 0; i <= last; i += 4, scores += 4)
        {
            float* k0 = rows[i] + attended.Keys, k1 = rows[Math.Min(i + 1, last)] + attended.Keys;
            float* k2 = rows[Math.Min(i + 2, last)] + attended.Keys, k3 = rows[Math.Min(i + 3, last)] + attended.Keys;
            float* headQuery = query, headScores = scores;
            for (int head = 0, inGroup = share; head < heads; head++, headQuery += dimension, headScores += width)
            {
                Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
                for (int d = 0; d < full; d += 16)
                {
                    var q = Vector512.Load(headQuery + d);
                    s0 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k0 + d), s0);
                    s1 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k1 + d), s1);
                    s2 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k2 + d), s2);
                    s3 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k3 + d), s3);
                }
                var sums = VectorMath.Sums(s0, s1, s2, s3);
                if (full < dimension)
                    sums += Vector128.Create(Rest(headQuery, k0, full, dimension), Rest(headQuery, k1, full, dimension),
                        Rest(headQuery, k2, full, dimension), Rest(headQuery, k3, full, dimension));
                (sums * _scale).Store(headScores);
                if (--inGroup > 0)
                    continue;
                inGroup = share;
                k0 += dimension;
                k1 += dimension;
                k2 += dimension;
                k3 += dimension;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Rest(float* query, float* key, int from, int dimension)
    {
        float sum = 0;
        for (int d = from; d < dimension; d++)
            sum += query[d] * key[d];
        return sum;
    }

    /// <summary>Sums of four times 32 numbers at a time, of one head or of several.</summary>
    /// <param name="scores">(H, width)</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SumSideBySide(float* scores, int width, in Attended attended, float* result)
    {
        int all = heads * dimension, d = 0;
        for (; d + 128 <= all; d += 128)
        {
            float* a = scores + d / dimension * width, b = scores + (d + 32) / dimension * width;
            float* c = scores + (d + 64) / dimension * width, e = scores + (d + 96) / dimension * width;
            nint inA = Values(d), inB = Values(d + 32), inC = Values(d + 64), inE = Values(d + 96);
            Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, e0 = default, e1 = default;
            for (int i = 0; i < attended.Count; i++)
            {
                float* values = attended.Rows[i] + attended.Values, value = values + inA;
                var share = Vector512.Create(a[i]);
                a0 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value), a0);
                a1 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value + 16), a1);
                value = values + inB;
                share = Vector512.Create(b[i]);
                b0 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value), b0);
                b1 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value + 16), b1);
                value = values + inC;
                share = Vector512.Create(c[i]);
                c0 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value), c0);
                c1 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value + 16), c1);
                value = values + inE;
                share = Vector512.Create(e[i]);
                e0 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value), e0);
                e1 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value + 16), e1);
            }
            a0.Store(result + d);
            a1.Store(result + d + 16);
            b0.Store(result + d + 32);
            b1.Store(result + d + 48);
            c0.Store(result + d + 64);
            c1.Store(result + d + 80);
            e0.Store(result + d + 96);
            e1.Store(result + d + 112);
        }
        for (; d < all; d += 32)
            Sum(scores + d / dimension * width, attended.Rows, attended.Count, attended.Values + Values(d), 32, result + d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(float* shares, float** rows, int count, nint offset, int dimension, float* result)
    {
        int d = 0;
        for (; d + 16 <= dimension; d += 16)
        {
            Vector512<float> sum = default;
            for (int i = 0; i < count; i++)
                sum = Vector512.FusedMultiplyAdd(Vector512.Create(shares[i]), Vector512.Load(rows[i] + offset + d), sum);
            sum.Store(result + d);
        }
        for (; d < dimension; d++)
        {
            float sum = 0;
            for (int i = 0; i < count; i++)
                sum += shares[i] * rows[i][offset + d];
            result[d] = sum;
        }
    }
}
