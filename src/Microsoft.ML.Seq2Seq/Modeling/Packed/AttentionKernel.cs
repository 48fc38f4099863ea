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
        for (int head = 0; head < heads; head++)
        {
            float* row = scores + head * width;
            Score(query + head * dimension, attended.Rows, attended.Count, attended.Keys + Group(head), dimension, _scale, row);
            if (attended.Bias != null)
                VectorMath.Add(row, attended.Bias + head * attended.BiasStride, attended.Count);
        }
        VectorMath.Softmax(scores, heads, attended.Count, width);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score(float* query, float** rows, int count, nint offset, int dimension, float scale, float* scores)
    {
        int full = dimension & ~15, last = count - 1;
        // Four keys at a time, so that no sum waits for another. Behind the last one, it is taken again for nothing.
        for (int i = 0; i < count; i += 4)
        {
            float* k0 = rows[i] + offset, k1 = rows[Math.Min(i + 1, last)] + offset;
            float* k2 = rows[Math.Min(i + 2, last)] + offset, k3 = rows[Math.Min(i + 3, last)] + offset;
            Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
            for (int d = 0; d < full; d += 16)
            {
                var q = Vector512.Load(query + d);
                s0 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k0 + d), s0);
                s1 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k1 + d), s1);
                s2 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k2 + d), s2);
                s3 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k3 + d), s3);
            }
            var sums = VectorMath.Sums(s0, s1, s2, s3);
            if (full < dimension)
                sums += Vector128.Create(Rest(query, k0, full, dimension), Rest(query, k1, full, dimension),
                    Rest(query, k2, full, dimension), Rest(query, k3, full, dimension));
            (sums * scale).Store(scores + i);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(float* shares, float** rows, int count, nint offset, int dimension, float* result)
    {
        int d = 0;
        for (; d + 64 <= dimension; d += 64)
        {
            Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
            for (int i = 0; i < count; i++)
            {
                float* value = rows[i] + offset + d;
                var share = Vector512.Create(shares[i]);
                s0 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value), s0);
                s1 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value + 16), s1);
                s2 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value + 32), s2);
                s3 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value + 48), s3);
            }
            s0.Store(result + d);
            s1.Store(result + d + 16);
            s2.Store(result + d + 32);
            s3.Store(result + d + 48);
        }
        for (; d + 32 <= dimension; d += 32)
        {
            Vector512<float> s0 = default, s1 = default, more0 = default, more1 = default; // so that no sum waits for another
            int i = 0;
            for (; i + 2 <= count; i += 2)
            {
                float* value = rows[i] + offset + d, next = rows[i + 1] + offset + d;
                Vector512<float> share = Vector512.Create(shares[i]), nextShare = Vector512.Create(shares[i + 1]);
                s0 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value), s0);
                s1 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value + 16), s1);
                more0 = Vector512.FusedMultiplyAdd(nextShare, Vector512.Load(next), more0);
                more1 = Vector512.FusedMultiplyAdd(nextShare, Vector512.Load(next + 16), more1);
            }
            if (i < count)
            {
                float* value = rows[i] + offset + d;
                var share = Vector512.Create(shares[i]);
                s0 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value), s0);
                s1 = Vector512.FusedMultiplyAdd(share, Vector512.Load(value + 16), s1);
            }
            (s0 + more0).Store(result + d);
            (s1 + more1).Store(result + d + 16);
        }
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
