using System.Runtime.CompilerServices;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>The memory of one run of decoding.</summary>
internal sealed class Workspace
{
    private readonly List<Arena> _shares = [];

    /// <summary>What lasts until the run ends.</summary>
    public Arena Lasting { get; } = new();

    /// <summary>What lasts until the next step.</summary>
    public Arena Scratch { get; } = new();

    /// <summary>Bytes.</summary>
    public long Size => (Lasting.Capacity + Scratch.Capacity + _shares.Sum(share => share.Capacity)) * sizeof(float);

    /// <summary>For each thread that shares a step, what lasts until the next.</summary>
    public IReadOnlyList<Arena> Shares(int count)
    {
        while (_shares.Count < count)
            _shares.Add(new Arena());
        return _shares;
    }
}

/// <summary>
/// State of a <see cref="PackedTransformer"/>. A hypothesis is a path: for each position, where its keys and values lie. A
/// path may lead through what others have written, so that to keep, repeat or drop hypotheses moves no keys or values.
/// </summary>
internal sealed unsafe class PackedState : DecoderState
{
    private const int FirstCapacity = 32;

    private readonly Action<Workspace> _giveBack;
    private readonly float** _sourceRows; // (source positions) where their keys and values begin
    private (int First, int Length)[] _sources;
    private Workspace? _workspace;
    private float** _paths; // (R, capacity)
    private float** _otherPaths; // what Reorder writes to
    private int _room, _otherRoom; // elements of both
    private int _capacity = FirstCapacity;
    private int _position;

    /// <param name="sourceRows">(source positions) where each one's keys and values begin, in the lasting memory.</param>
    /// <param name="lengths">Of each source.</param>
    /// <param name="memoryLayer">Elements from one layer's keys and values of the sources to the next's.</param>
    /// <param name="layerWidth">Elements of one layer's keys and values of one written position.</param>
    /// <param name="team">Who computes the steps.</param>
    /// <param name="giveBack">Gets the memory when the state is disposed of.</param>
    public PackedState(
        Workspace workspace, float** sourceRows, IReadOnlyList<int> lengths, nint memoryLayer, int layerWidth, Team team,
        Action<Workspace> giveBack)
    {
        _workspace = workspace;
        _sourceRows = sourceRows;
        _sources = new (int, int)[lengths.Count];
        int first = 0;
        for (int i = 0; i < lengths.Count; first += lengths[i++])
            _sources[i] = (first, lengths[i]);
        LongestSource = lengths.Max();
        MemoryLayer = memoryLayer;
        LayerWidth = layerWidth;
        Rows = lengths.Count;
        Team = team;
        _giveBack = giveBack;
        _room = Rows * _capacity;
        _paths = Lasting(_room);
    }

    public override int Sources => _sources.Length;

    /// <summary>Hypotheses.</summary>
    public int Rows { get; private set; }

    public override int Position => _position;

    public int LongestSource { get; private set; }

    public nint MemoryLayer { get; }

    public int LayerWidth { get; }

    /// <summary>Who computes the steps.</summary>
    public Team Team { get; }

    public Workspace Memory => _workspace ?? throw new ObjectDisposedException(nameof(PackedState));

    /// <summary>(Position) where the keys and values of each position of a hypothesis begin.</summary>
    public float** Path(int row) => _paths + (nint)row * _capacity;

    /// <summary>(Length) where the keys and values of each position of a source begin.</summary>
    public float** Source(int source, out int length)
    {
        length = _sources[source].Length;
        return _sourceRows + _sources[source].First;
    }

    /// <summary>Leads every path on to memory for the keys and values of the position that is about to be read.</summary>
    /// <param name="width">Elements of all layers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Extend(int width)
    {
        if (_position == _capacity)
            Move(2 * _capacity, Rows, null);
        float* written = Memory.Lasting.Take(Rows * width);
        for (int row = 0; row < Rows; row++)
            Path(row)[_position] = written + (nint)row * width;
    }

    /// <summary>The position has been read.</summary>
    public void Advance() => _position++;

    /// <inheritdoc cref="IStepModel.Reorder"/>
    public void Select(ReadOnlySpan<int> hypotheses, int[]? sources)
    {
        if (sources is not null)
        {
            _sources = Array.ConvertAll(sources, source => _sources[source]);
            LongestSource = _sources.Max(source => source.Length);
        }
        fixed (int* rows = hypotheses)
            Move(_capacity, hypotheses.Length, rows);
    }

    public override void Dispose()
    {
        if (_workspace is not { } workspace)
            return;
        _workspace = null;
        _giveBack(workspace);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Move(int capacity, int count, int* rows)
    {
        if (_otherRoom < count * capacity)
        {
            _otherRoom = count * capacity;
            _otherPaths = Lasting(_otherRoom);
        }
        for (int row = 0; row < count; row++)
            new Span<nint>(Path(rows == null ? row : rows[row]), _position).CopyTo(new Span<nint>(_otherPaths + (nint)row * capacity, _position));
        float** before = _paths;
        _paths = _otherPaths;
        _otherPaths = before;
        (_room, _otherRoom) = (_otherRoom, _room);
        _capacity = capacity;
        Rows = count;
    }

    private float** Lasting(int count) => (float**)Memory.Lasting.Take<nint>(count);
}

/// <summary>Some of a state's hypotheses, as one thread computes them.</summary>
internal readonly unsafe struct PackedRows(PackedState state, int first, int count)
{
    public int Count => count;

    public int Position => state.Position;

    public int LayerWidth => state.LayerWidth;

    public nint MemoryLayer => state.MemoryLayer;

    public int LongestSource => state.LongestSource;

    /// <summary>The head whose attention is noted; null: the mean of all.</summary>
    public int? NotedHead => state.Noted?.Head;

    /// <inheritdoc cref="PackedState.Path"/>
    public float** Path(int row) => state.Path(first + row);

    /// <inheritdoc cref="PackedState.Source"/>
    public float** SourceOf(int row, out int length) => state.Source((first + row) / (state.Rows / state.Sources), out length);
}
