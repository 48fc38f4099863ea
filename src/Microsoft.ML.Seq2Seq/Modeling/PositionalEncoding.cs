using Microsoft.ML.Seq2Seq.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>
/// How positions reach one stack of layers. A scheme acts at one of three places: on the embeddings, on queries and
/// keys, or on the attention scores; the other two do nothing.
/// </summary>
internal abstract class PositionalEncoding(string name) : nn.Module(name)
{
    public static PositionalEncoding Create(Generator generator, TransformerArchitecture architecture, bool bidirectional)
    {
        int heads = architecture.Heads, model = architecture.ModelDimension;
        return architecture.PositionalEncoding switch
        {
            PositionalEncodingKind.Sinusoidal => new SinusoidalPositions(model),
            PositionalEncodingKind.Learned => new LearnedPositions(generator, model),
            PositionalEncodingKind.Rotary => new RotaryPositions(model / heads),
            PositionalEncodingKind.Alibi => new AlibiPositions(heads, bidirectional),
            PositionalEncodingKind.Relative => new RelativePositions(heads, bidirectional),
            var kind => throw new ArgumentOutOfRangeException(nameof(architecture), kind, null),
        };
    }

    /// <summary>(B, T, D) embeddings of positions start … start+T-1 → (B, T, D)</summary>
    public virtual Tensor AddTo(Tensor embeddings, int start) => embeddings;

    /// <summary>(B, H, T, d) queries or keys of positions start … start+T-1 → (B, H, T, d)</summary>
    public virtual Tensor Rotate(Tensor x, int start) => x;

    /// <summary>What <see cref="Rotate"/> does to positions 0 … length-1, outside autograd; null: nothing.</summary>
    public virtual RotaryAngles? Angles(int length) => null;

    /// <summary>A bias for the scores, by the distance of the key from the query: (H, count) for the distances first …
    /// first+count-1; or null.</summary>
    public virtual Tensor? ByDistance(int first, int count) => null;

    /// <summary>Whether there is a bias.</summary>
    public virtual bool IsByDistance => false;

    /// <summary>start … start+count-1: (count), float</summary>
    protected static Tensor Positions(int start, long count, Device device) =>
        torch.tensor(Enumerable.Range(start, (int)count).Select(position => (float)position).ToArray(), device: device);
}

/// <summary>PE(t, 2i) = sin(t / 10000^(2i/D)), PE(t, 2i+1) = cos(t / 10000^(2i/D)) (section 3.5).</summary>
internal sealed class SinusoidalPositions : PositionalEncoding
{
    private const int Prepared = 1024;

    private readonly int _dimension;

    [ComponentName(Name = "table")]
    private readonly Tensor _table; // (Prepared, D)

    public SinusoidalPositions(int dimension)
        : base(nameof(SinusoidalPositions))
    {
        _dimension = dimension;
        _table = Table(0, Prepared, dimension);
        RegisterComponents();
    }

    public override Tensor AddTo(Tensor embeddings, int start)
    {
        int length = (int)embeddings.shape[1];
        var rows = start + length <= Prepared
            ? _table.narrow(0, start, length)
            : Table(start, length, _dimension).to(embeddings.device);
        return embeddings.Plus(rows.to(embeddings.dtype));
    }

    /// <summary>Rows start … start+length-1: (length, D).</summary>
    public static Tensor Table(int start, int length, int dimension) => torch.tensor(Rows(start, length, dimension), [length, dimension]);

    /// <summary>The same, row by row. Computed in double precision.</summary>
    public static float[] Rows(int start, int length, int dimension)
    {
        var table = new float[length * dimension];
        for (int t = 0; t < length; t++)
        {
            for (int i = 0; i < dimension; i += 2)
            {
                double angle = (start + t) / Math.Pow(10000, (double)i / dimension);
                table[t * dimension + i] = (float)Math.Sin(angle);
                table[t * dimension + i + 1] = (float)Math.Cos(angle);
            }
        }
        return table;
    }
}

/// <summary>A trained vector for each of the first positions; later ones share the last.</summary>
internal sealed class LearnedPositions : PositionalEncoding
{
    /// <summary>Those behind it share its vector.</summary>
    public const int LastPosition = 1023;

    [ComponentName(Name = "table")]
    private readonly Parameter _table; // (LastPosition + 1, D)

    public LearnedPositions(Generator generator, int dimension)
        : base(nameof(LearnedPositions))
    {
        using Scalar deviation = Math.Pow(dimension, -0.5);
        _table = new Parameter(torch.randn([LastPosition + 1, dimension], generator: generator).mul_(deviation));
        RegisterComponents();
    }

    public override Tensor AddTo(Tensor embeddings, int start)
    {
        long[] rows = [.. Enumerable.Range(start, (int)embeddings.shape[1]).Select(position => (long)Math.Min(position, LastPosition))];
        return embeddings.Plus(_table.index_select(0, torch.tensor(rows, device: embeddings.device)));
    }
}

/// <summary>Dimension pairs (i, i + d/2) turned by t / 10000^(2i/d) (Su et al. 2021): the product of a query and a key
/// then depends on their distance alone.</summary>
internal sealed class RotaryPositions : PositionalEncoding
{
    private readonly int _headDimension;

    [ComponentName(Name = "frequencies")]
    private readonly Tensor _frequencies; // (d/2)

    public RotaryPositions(int headDimension)
        : base(nameof(RotaryPositions))
    {
        _headDimension = headDimension;
        _frequencies = torch.tensor(Frequencies(headDimension));
        RegisterComponents();
    }

    /// <summary>(d/2) the angle of each pair at position 1.</summary>
    public static float[] Frequencies(int headDimension) =>
        [.. Enumerable.Range(0, headDimension / 2).Select(i => (float)Math.Pow(10000, -2.0 * i / headDimension))];

    public override Tensor Rotate(Tensor x, int start)
    {
        long length = x.shape[2], half = x.shape[3] / 2;
        var angles = Positions(start, length, x.device).unsqueeze(1).mul(_frequencies); // (T, d/2)
        Tensor cos = angles.cos().to(x.dtype), sin = angles.sin().to(x.dtype);
        Tensor first = x.narrow(3, 0, half), second = x.narrow(3, half, half);
        return torch.cat([first.mul(cos).sub(second.mul(sin)), second.mul(cos).Plus(first.mul(sin))], -1);
    }

    public override RotaryAngles Angles(int length) => new(length, _headDimension);
}

/// <summary>-slope·|distance| on the scores, with slopes 2^(-8/H), 2^(-16/H) … (Press et al. 2022, section 3). The paper's
/// model reads to the left alone. In an encoder every other head does, and those between read to the right: a penalty that
/// is the same on both sides would make a text and its reverse one and the same.</summary>
internal sealed class AlibiPositions : PositionalEncoding
{
    [ComponentName(Name = "slopes")]
    private readonly Tensor _slopes; // (1, H, 1, 1)

    private readonly bool _bidirectional;

    public AlibiPositions(int heads, bool bidirectional)
        : base(nameof(AlibiPositions))
    {
        _bidirectional = bidirectional;
        _slopes = torch.tensor(Slopes(heads), [1, heads, 1, 1]);
        RegisterComponents();
    }

    public override bool IsByDistance => true;

    /// <summary>(H)</summary>
    public static float[] Slopes(int heads) => [.. Enumerable.Range(1, heads).Select(head => (float)Math.Pow(2, -8.0 * head / heads))];

    /// <summary>Whether a head of an encoder does without a key: each reads one way, so that a text differs from its reverse.</summary>
    /// <param name="distance">From the query to the key.</param>
    public static bool IsHidden(int head, int heads, int distance) => heads > 1 && (head % 2 == 0 ? distance > 0 : distance < 0);

    public override Tensor ByDistance(int first, int count)
    {
        var penalty = Positions(first, count, _slopes.device).abs_().mul(_slopes.view(-1, 1)).neg_(); // (H, count)
        if (!_bidirectional)
            return penalty;
        int heads = (int)_slopes.shape[1];
        var hidden = new float[heads * count];
        for (int head = 0; head < heads; head++)
            for (int i = 0; i < count; i++)
                if (IsHidden(head, heads, first + i))
                    hidden[head * count + i] = AttentionBias.Hidden;
        return penalty.Accumulate(torch.tensor(hidden, [heads, count], device: _slopes.device));
    }
}

/// <summary>A trained bias for each head and bucket of distances: exact buckets near by, logarithmic ones up to 128
/// tokens, one for all beyond (Raffel et al. 2020, section 2.1).</summary>
internal sealed class RelativePositions : PositionalEncoding
{
    public const int Buckets = 32;
    private const int Farthest = 128;

    private readonly bool _bidirectional;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias; // (Buckets, H)

    public RelativePositions(int heads, bool bidirectional)
        : base(nameof(RelativePositions))
    {
        _bidirectional = bidirectional;
        _bias = new Parameter(torch.zeros(Buckets, heads));
        RegisterComponents();
    }

    public override bool IsByDistance => true;

    public override Tensor ByDistance(int first, int count)
    {
        long[] buckets = [.. Enumerable.Range(first, count).Select(distance => (long)Bucket(distance, _bidirectional))];
        return _bias.index_select(0, torch.tensor(buckets, ScalarType.Int64, _bias.device)).t(); // (H, count)
    }

    /// <summary>The bucket of a key that stands so far behind the query, or, if negative, before it.</summary>
    public static int Bucket(int distance, bool bidirectional)
    {
        int buckets = Buckets, offset = 0;
        if (bidirectional)
        {
            buckets /= 2;
            offset = distance > 0 ? buckets : 0;
        }
        int behind = bidirectional ? Math.Abs(distance) : Math.Max(0, -distance);
        int exact = buckets / 2;
        if (behind < exact)
            return offset + behind;
        double share = Math.Log((double)behind / exact) / Math.Log((double)Farthest / exact);
        return offset + Math.Min(buckets - 1, exact + (int)(share * (buckets - exact)));
    }
}
