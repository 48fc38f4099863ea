using System.Runtime.CompilerServices;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary><see cref="PositionalEncoding"/> at prediction. Its tables grow with the longest text seen.</summary>
internal sealed unsafe class PackedPositions
{
    private const int FirstLength = 64;

    private readonly PositionalEncodingKind _kind;
    private readonly int _heads, _dimension, _headDimension;
    private readonly bool _bidirectional;
    private readonly float[] _trained; // learned vectors, or biases of buckets
    private volatile Table _table;

    /// <param name="name">Of the encoding.</param>
    public PackedPositions(IPackedWeights weights, string name, TransformerArchitecture architecture, bool bidirectional)
    {
        _kind = architecture.PositionalEncoding;
        _heads = architecture.Heads;
        _dimension = architecture.ModelDimension;
        _headDimension = _dimension / _heads;
        _bidirectional = bidirectional;
        _trained = _kind switch
        {
            PositionalEncodingKind.Learned => weights.Values($"{name}.table"),
            PositionalEncodingKind.Relative => weights.Values($"{name}.bias"),
            _ => [],
        };
        _table = Create(_kind == PositionalEncodingKind.Learned ? LearnedPositions.LastPosition + 1 : FirstLength);
    }

    /// <summary>Adds to an embedding what tells its position: (D).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddTo(float* x, int position)
    {
        if (_kind is not (PositionalEncodingKind.Sinusoidal or PositionalEncodingKind.Learned))
            return;
        if (_kind == PositionalEncodingKind.Learned)
            position = Math.Min(position, LearnedPositions.LastPosition);
        var table = UpTo(position + 1);
        VectorMath.Add(x, table.Values.First + (nint)position * _dimension, _dimension);
        GC.KeepAlive(table);
    }

    /// <summary>Turns queries or keys, heads behind each other: (heads · d).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Rotate(float* x, int heads, int position)
    {
        if (_kind != PositionalEncodingKind.Rotary)
            return;
        var table = UpTo(position + 1);
        float* angles = table.Values.First + (nint)position * _headDimension;
        for (int head = 0; head < heads; head++, x += _headDimension)
            RotaryAngles.Turn(x, angles, _headDimension);
        GC.KeepAlive(table);
    }

    /// <summary>What is added to the scores of a query on the keys from one position on; null: nothing.</summary>
    /// <param name="query">Its position.</param>
    /// <param name="key">The first key's position.</param>
    /// <param name="length">No position is as large.</param>
    /// <param name="bias">(H, …)</param>
    /// <param name="stride">Elements from one head's to the next.</param>
    /// <returns>What keeps the memory.</returns>
    public object? Bias(int query, int key, int length, out float* bias, out int stride)
    {
        if (_kind is not (PositionalEncodingKind.Alibi or PositionalEncodingKind.Relative))
        {
            bias = null;
            stride = 0;
            return null;
        }
        var table = UpTo(length);
        stride = 2 * table.Length - 1;
        bias = table.Values.First + table.Length - 1 + key - query;
        return table;
    }

    private Table UpTo(int length)
    {
        var table = _table;
        if (table.Length < length)
            // Two threads may both make one: they are equal.
            _table = table = Create(Math.Max(length, 2 * table.Length));
        return table;
    }

    private Table Create(int length)
    {
        float[] values = Fill(length);
        return new Table(length, Pinned<float>.Copy(values, values.Length));
    }

    private float[] Fill(int length)
    {
        switch (_kind)
        {
            case PositionalEncodingKind.Sinusoidal:
                return SinusoidalPositions.Rows(0, length, _dimension);
            case PositionalEncodingKind.Learned:
                return _trained;
            case PositionalEncodingKind.Rotary:
                return RotaryAngles.Table(length, _headDimension);
            default:
                float[] slopes = AlibiPositions.Slopes(_heads);
                return [.. Enumerable.Range(0, _heads).SelectMany(head => Enumerable.Range(1 - length, 2 * length - 1).Select(distance =>
                    _kind == PositionalEncodingKind.Alibi
                        ? _bidirectional && AlibiPositions.IsHidden(head, _heads, distance) ? AttentionBias.Hidden : -slopes[head] * Math.Abs(distance)
                        : _trained[RelativePositions.Bucket(distance, _bidirectional) * _heads + head]))];
        }
    }

    /// <param name="Length">Positions that it reaches to.</param>
    /// <param name="Values">(positions, width), or (H, distances) from -(Length - 1) to Length - 1.</param>
    private sealed record Table(int Length, Pinned<float> Values);
}
