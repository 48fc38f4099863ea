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

    private Tensor _keysValues; // (2, R, H, capacity, d)

    private AttentionCache(Tensor keysValues, int length)
    {
        _keysValues = keysValues;
        Length = length;
    }

    /// <summary>Positions written.</summary>
    public int Length { get; private set; }

    public static AttentionCache Create(long rows, long heads, long headDimension, Tensor like) =>
        new(Empty(rows, heads, FirstCapacity, headDimension, like), 0);

    /// <summary>Writes the keys and values of the next position, each (R, H, 1, d), and gives all of them back, each
    /// (R, H, length, d).</summary>
    public (Tensor Keys, Tensor Values) Append(Tensor keys, Tensor values)
    {
        Grow();
        using var keySlot = _keysValues[0].narrow(2, Length, 1);
        using var valueSlot = _keysValues[1].narrow(2, Length, 1);
        keySlot.copy_(keys);
        valueSlot.copy_(values);
        Length++;
        return (_keysValues[0].narrow(2, 0, Length), _keysValues[1].narrow(2, 0, Length));
    }

    /// <summary>The same positions for other rows: row i of the result is row rows[i] of this one. The reserved room
    /// moves along: one copy of at most twice the written part, instead of two of that part.</summary>
    public AttentionCache Select(Tensor rows) =>
        new(_keysValues.index_select(1, rows).DetachFromDisposeScope(), Length);

    public void Dispose() => _keysValues.Dispose();

    private void Grow()
    {
        var shape = _keysValues.shape;
        if (Length < shape[3])
            return;
        var larger = Empty(shape[1], shape[2], 2 * shape[3], shape[4], _keysValues);
        using (var written = larger.narrow(3, 0, Length))
            written.copy_(_keysValues);
        _keysValues.Dispose();
        _keysValues = larger;
    }

    /// <summary>Belongs to the cache, not to the scope of the step that made it.</summary>
    private static Tensor Empty(long rows, long heads, long capacity, long headDimension, Tensor like) =>
        torch.empty([2, rows, heads, capacity, headDimension], like.dtype, like.device).DetachFromDisposeScope();
}
