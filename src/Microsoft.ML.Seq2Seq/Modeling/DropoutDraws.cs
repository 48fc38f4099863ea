using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Draws of 16 bits: eight xorshift128+ generators side by side (Vigna 2014), four draws from each of their numbers.</summary>
internal struct DropoutDraws
{
    private SplitMix64 _single;
    private Vector512<ulong> _a, _b;

    public DropoutDraws(ulong seed)
    {
        _single = new SplitMix64(seed);
        Span<ulong> state = stackalloc ulong[16];
        foreach (ref ulong s in state)
            s = _single.Next();
        _a = Vector512.Create<ulong>(state[..8]);
        _b = Vector512.Create<ulong>(state[8..]);
    }

    /// <summary>Thirty-two draws.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<ushort> Next()
    {
        var (x, y) = (_a, _b);
        _a = y;
        x ^= Vector512.ShiftLeft(x, 23);
        _b = x ^ y ^ Vector512.ShiftRightLogical(x, 17) ^ Vector512.ShiftRightLogical(y, 26);
        return (_b + y).AsUInt16();
    }

    /// <summary>One draw, for what is left over at the end.</summary>
    public ushort NextOne() => (ushort)_single.Next();
}
