using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>Memory that is handed out piece by piece and taken back all at once, or back to a mark: no piece costs more
/// than an addition, and what was used before is not fetched from the system again.</summary>
internal sealed unsafe class Arena
{
    private const int FirstBlock = 1 << 15;

    /// <summary>The mark before everything.</summary>
    public static readonly (int Block, int Used) Start = (-1, 0);

    private readonly List<Pinned<float>> _blocks = [];
    private int _block = -1;
    private int _used; // of the current block

    /// <summary>Who computes products whose scratch memory this is.</summary>
    public Team Team { get; set; } = Team.Alone;

    /// <summary>Those products.</summary>
    public PanelProduct Product { get; } = new();

    /// <summary>Elements of all blocks.</summary>
    public long Capacity { get; private set; }

    /// <summary>So many elements, on the boundary of a vector register; they hold anything.</summary>
    public float* Take(int length)
    {
        length = checked(length + 15) & ~15;
        while (_block < 0 || _used + length > _blocks[_block].Length)
        {
            if (_block + 1 == _blocks.Count)
            {
                int size = (int)Math.Clamp(Capacity, Math.Max(FirstBlock, length), Math.Max(1 << 22, length));
                _blocks.Add(new Pinned<float>(size, clear: false));
                Capacity += size;
            }
            _block++;
            _used = 0;
        }
        float* taken = _blocks[_block].First + _used;
        _used += length;
        return taken;
    }

    public T* Take<T>(int length)
        where T : unmanaged => (T*)Take(checked((length * sizeof(T) + 3) / 4));

    public (int Block, int Used) Mark() => (_block, _used);

    /// <summary>Takes back all that was handed out since.</summary>
    public void Release((int Block, int Used) mark) => (_block, _used) = mark;
}
