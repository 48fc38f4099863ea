using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>When attention is computed in blocks, and how large they are.</summary>
/// <param name="Longest">Longest sequence whose attention is computed whole: up to about 1,000 tokens its scores are small
/// beside the other activations of a layer, and computing it whole is faster.</param>
/// <param name="Scores">Scores of a block, all heads and rows together: 2 million are 8 MB, about a core's cache.</param>
internal sealed record LongAttention(int Longest = 1024, long Scores = 1 << 21);

/// <summary>Some queries and all the keys that any of them may see.</summary>
internal readonly record struct AttentionBlock(int Query, int Queries, int Key, int Keys);

/// <summary>
/// What is added to the attention scores in one stack of layers: the bias of the positions, -∞ in effect for keys out of
/// reach, and the padding. All but the padding depends on the distance between key and query alone, so that any part of
/// the matrix is made from one vector: a long sequence never has the whole.
/// </summary>
internal sealed class AttentionBias
{
    /// <summary>Hides a key as well as -∞, and leaves a row numbers where all of it is hidden: padding beyond the window of
    /// a row's last token.</summary>
    public const float Hidden = -1e30f;

    private readonly PositionalEncoding? _positions;
    private readonly int? _window;
    private readonly bool _isCausal;
    private readonly Tensor? _padding;
    private readonly int _queries;
    private readonly int _keys;
    private readonly LongAttention _long;
    private readonly Device _device;

    /// <param name="queries">Number of query positions, from the first on.</param>
    /// <param name="keys">Number of key positions.</param>
    /// <param name="padding">(B, 1, 1, K) additive, or null.</param>
    /// <param name="whenLong">When to compute in blocks.</param>
    /// <param name="device">Of the scores.</param>
    /// <param name="positions">Null: positions add nothing.</param>
    /// <param name="window">Tokens to either side that a query sees; null: all.</param>
    /// <param name="isCausal">A query sees no later key.</param>
    /// <param name="isByTokens">Nothing is made but what <see cref="TokenAttention"/> needs.</param>
    public AttentionBias(
        int queries, int keys, Tensor? padding, LongAttention whenLong, Device device, PositionalEncoding? positions = null,
        int? window = null, bool isCausal = false, bool isByTokens = false)
    {
        (_queries, _keys, _padding, _long, _device) = (queries, keys, padding, whenLong, device);
        (_positions, _window, _isCausal) = (positions, window < keys - 1 ? window : null, isCausal);
        if (isByTokens)
        {
            ByTokens = new TokenBias(Reach, positions?.Angles(keys), positions?.ByDistance(1 - queries, queries + keys - 1)?.contiguous());
            return;
        }
        DependsOnDistance = isCausal || _window is not null || positions?.IsByDistance == true;
        IsLong = Math.Max(queries, keys) > whenLong.Longest;
        if (!IsLong)
            Whole = Of(new AttentionBlock(0, queries, 0, keys));
        else if (!DependsOnDistance)
            Whole = padding;
    }

    /// <summary>Whether the sequence is too long to have all scores at once.</summary>
    public bool IsLong { get; }

    /// <summary>Whether there is more to add than the padding.</summary>
    public bool DependsOnDistance { get; }

    /// <summary>For attention from tokens to tokens, which never has all scores at once; null: it is libtorch's.</summary>
    public TokenBias? ByTokens { get; private set; }

    /// <summary>Broadcast over (B, H, Q, K); null adds nothing. Not for a long sequence where it depends on the distance.</summary>
    public Tensor? Whole { get; private set; }

    /// <summary>Takes what all layers use out of their graph.</summary>
    public void Cut(GradientTape tape)
    {
        if (Whole is { requires_grad: true } whole)
            Whole = tape.Cut(whole);
        if (ByTokens is { Distances: { requires_grad: true } distances } tokens)
            ByTokens = tokens with { Distances = tape.Cut(distances) };
    }

    /// <summary>A step of prediction: one query at the position of the last key. Broadcast over (R, H, 1, K).</summary>
    public static Tensor? Next(PositionalEncoding positions, int? window, int position, Device device) =>
        DistanceBias(positions, window, isCausal: false, new AttentionBlock(position, 1, 0, position + 1), device);

    /// <summary>Every query once, in order.</summary>
    /// <param name="sequences">Rows times heads.</param>
    public IEnumerable<AttentionBlock> Blocks(long sequences)
    {
        // A window's block sees its own queries' width and the window's on both sides: longer blocks waste less.
        int width = _window is { } window ? Math.Min(_keys, 4 * window) : _keys;
        int most = (int)Math.Clamp(_long.Scores / (sequences * width), 1, _queries);
        if (_window is not null)
            most = Math.Min(most, 2 * _window.Value);
        for (int query = 0; query < _queries; query += most)
        {
            int queries = Math.Min(most, _queries - query);
            int key = Reach.Keys(query, _keys).First, end = Reach.Keys(query + queries - 1, _keys).End;
            yield return new AttentionBlock(query, queries, key, end - key);
        }
    }

    /// <summary>Broadcast over (B, H, queries, keys) of the block; null adds nothing.</summary>
    public Tensor? Of(AttentionBlock block)
    {
        var padding = _padding?.narrow(3, block.Key, block.Keys);
        if (!DependsOnDistance)
            return padding;
        var bias = DistanceBias(_positions, _window, _isCausal, block, _device);
        if (padding is null)
            return bias;
        using Scalar hidden = Hidden;
        padding = padding.clamp_min(hidden);
        return bias?.Plus(padding) ?? padding;
    }

    private AttentionReach Reach => new(_window, _isCausal);

    private static Tensor? DistanceBias(
        PositionalEncoding? positions, int? window, bool isCausal, AttentionBlock block, Device device)
    {
        int first = block.Key - (block.Query + block.Queries - 1), count = block.Queries + block.Keys - 1;
        var mask = Mask(window, isCausal, first, count, device); // (1, R)
        var bias = positions?.ByDistance(first, count); // (H, R)
        if (mask is not null)
            bias = bias?.Plus(mask) ?? mask;
        // Row r of the unfolded vector has the distances from first + r on, which are those of the last query but r.
        // Written out: adding a view to the scores of every layer would read it an element at a time.
        return bias?.unfold(1, block.Keys, 1).flip(1).unsqueeze(0).contiguous(); // (1, H, Q, K)
    }

    private static Tensor? Mask(int? window, bool isCausal, int first, int count, Device device)
    {
        var mask = new float[count];
        bool hides = false;
        for (int i = 0; i < count; i++)
        {
            int distance = first + i;
            if ((!isCausal || distance <= 0) && Math.Abs(distance) <= (window ?? int.MaxValue))
                continue;
            mask[i] = Hidden;
            hides = true;
        }
        return hides ? torch.tensor(mask, [1, count], device: device) : null;
    }
}
