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

/// <summary>softmax(qKᵀ/√d)V of one position, head by head: nothing larger than one head's row of scores is kept.</summary>
internal readonly unsafe struct AttentionKernel(int heads, int groups, int dimension)
{
    private readonly float _scale = MathF.Pow(dimension, -0.5f);

    /// <param name="query">(H·d)</param>
    /// <param name="attended">What it attends to, itself included in self-attention.</param>
    /// <param name="result">(H·d)</param>
    /// <param name="scores">Memory for a row of scores, to a multiple of sixteen.</param>
    /// <param name="shares">(Count) gets the mean of all heads' shares; null: nothing wants them.</param>
    public void Attend(float* query, in Attended attended, float* result, float* scores, float* shares)
    {
        if (shares != null)
            new Span<float>(shares, attended.Count).Clear();
        for (int head = 0; head < heads; head++)
        {
            nint group = head / (heads / groups) * dimension;
            Score(query + head * dimension, attended.Rows, attended.Count, attended.Keys + group, dimension, _scale, scores);
            if (attended.Bias != null)
            {
                float* bias = attended.Bias + head * attended.BiasStride;
                for (int i = 0; i < attended.Count; i++)
                    scores[i] += bias[i];
            }
            VectorMath.Softmax(scores, attended.Count);
            if (shares != null)
                for (int i = 0; i < attended.Count; i++)
                    shares[i] += scores[i] / heads;
            Sum(scores, attended.Rows, attended.Count, attended.Values + group, dimension, result + head * dimension);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score(float* query, float** rows, int count, nint offset, int dimension, float scale, float* scores)
    {
        int full = dimension & ~15, i = 0;
        // Four keys at a time, so that no sum waits for another; each is summed as if it were alone.
        for (; i + 4 <= count && full > 0; i += 4)
        {
            float* k0 = rows[i] + offset, k1 = rows[i + 1] + offset, k2 = rows[i + 2] + offset, k3 = rows[i + 3] + offset;
            Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
            for (int d = 0; d < full; d += 16)
            {
                var q = Vector512.Load(query + d);
                s0 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k0 + d), s0);
                s1 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k1 + d), s1);
                s2 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k2 + d), s2);
                s3 = Vector512.FusedMultiplyAdd(q, Vector512.Load(k3 + d), s3);
            }
            scores[i] = (Vector512.Sum(s0) + Rest(query, k0, full, dimension)) * scale;
            scores[i + 1] = (Vector512.Sum(s1) + Rest(query, k1, full, dimension)) * scale;
            scores[i + 2] = (Vector512.Sum(s2) + Rest(query, k2, full, dimension)) * scale;
            scores[i + 3] = (Vector512.Sum(s3) + Rest(query, k3, full, dimension)) * scale;
        }
        for (; i < count; i++)
        {
            float* key = rows[i] + offset;
            Vector512<float> sum = default;
            for (int d = 0; d < full; d += 16)
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(query + d), Vector512.Load(key + d), sum);
            scores[i] = (Vector512.Sum(sum) + Rest(query, key, full, dimension)) * scale;
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
