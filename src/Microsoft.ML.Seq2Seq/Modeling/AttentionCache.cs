using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// Keys and values of one self-attention layer for the tokens written so far. Room is reserved ahead, so that a step
/// writes one slice instead of copying what came before.
/// </summary>
internal sealed class AttentionCache : IDisposable
{
    private const int FirstCapacity = 16;

    private Tensor _keys, _values; // (R, H, capacity, d)
    private int _capacity;

    private AttentionCache(Tensor keys, Tensor values, int capacity, int length)
    {
        _keys = keys;
        _values = values;
        _capacity = capacity;
        Length = length;
    }

    /// <summary>Positions written.</summary>
    public int Length { get; private set; }

    public static AttentionCache Create(long rows, long heads, long headDimension, Tensor like)
    {
        Tensor Room() => Empty(rows, heads, FirstCapacity, headDimension, like);
        return new AttentionCache(Room(), Room(), FirstCapacity, 0);
    }

    /// <summary>Writes the keys and values of the next position, each (R, H, 1, d), and gives all of them back, each
    /// (R, H, length, d).</summary>
    public (Tensor Keys, Tensor Values) Append(Tensor keys, Tensor values)
    {
        if (Length == _capacity)
            Grow();
        _keys.narrow(2, Length, 1).copy_(keys);
        _values.narrow(2, Length, 1).copy_(values);
        Length++;
        return (_keys.narrow(2, 0, Length), _values.narrow(2, 0, Length));
    }

    /// <summary>The same positions for other rows: row i of the result is row rows[i] of this one. The reserved room
    /// moves along: one copy of at most twice the written part, instead of two of that part.</summary>
    public AttentionCache Select(Tensor rows) => new(
        _keys.index_select(0, rows).DetachFromDisposeScope(), _values.index_select(0, rows).DetachFromDisposeScope(), _capacity, Length);

    public void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
    }

    private void Grow()
    {
        _capacity *= 2;
        _keys = Grown(_keys);
        _values = Grown(_values);
    }

    private Tensor Grown(Tensor full)
    {
        var shape = full.shape;
        var larger = Empty(shape[0], shape[1], _capacity, shape[3], full);
        using (var written = larger.narrow(2, 0, Length))
            written.copy_(full);
        full.Dispose();
        return larger;
    }

    /// <summary>Belongs to the cache, not to the scope of the step that made it.</summary>
    private static Tensor Empty(long rows, long heads, long capacity, long headDimension, Tensor like) =>
        torch.empty([rows, heads, capacity, headDimension], like.dtype, like.device).DetachFromDisposeScope();
}
