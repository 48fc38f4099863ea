using System.Runtime.CompilerServices;
using Microsoft.ML.Seq2Seq.Runtime;

namespace Microsoft.ML.Seq2Seq.Modeling;

/// <summary>How wide the parts of an attention layer are.</summary>
/// <param name="Heads">Of queries.</param>
/// <param name="Groups">Heads of keys and values.</param>
/// <param name="Dimension">Of one head.</param>
internal readonly record struct AttentionShape(int Heads, int Groups, int Dimension)
{
    public static AttentionShape Of(TransformerArchitecture architecture) => new(
        architecture.Heads, architecture.KeyValueHeads ?? architecture.Heads, architecture.ModelDimension / architecture.Heads);

    public int Queries => Heads * Dimension;

    /// <summary>Width of the keys, and of the values.</summary>
    public int Keys => Groups * Dimension;

    public AttentionKernel Kernel => new(Heads, Groups, Dimension);

    /// <summary>Memory for what the heads give, its padding cleared.</summary>
    public unsafe float* Results(int rows, Arena scratch)
    {
        int width = PackedMatrix.Padded(Queries);
        float* results = scratch.Take(rows * width);
        for (int row = 0; row < rows; row++)
            new Span<float>(results + (nint)row * width + Queries, width - Queries).Clear();
        return results;
    }
}

/// <summary>Attention of a sequence to itself: <see cref="MultiHeadAttention"/> at prediction.</summary>
internal sealed unsafe class PackedSelfAttention
{
    /// <summary>Tokens of a sequence from which its queries come in blocks: one by one, each reads all keys and values, which a core's
    /// cache no longer holds.</summary>
    public const int LeastInBlocks = 256;

    private readonly AttentionShape _shape;
    private readonly AttentionKernel _kernel;
    private readonly PackedPositions _positions;
    private readonly int? _window;
    private readonly PackedLinear _queryKeyValue;
    private readonly PackedLinear _output;

    /// <param name="name">Of the layer.</param>
    public PackedSelfAttention(IPackedWeights weights, string name, TransformerArchitecture architecture, PackedPositions positions)
    {
        _shape = AttentionShape.Of(architecture);
        _kernel = _shape.Kernel;
        _positions = positions;
        _window = architecture.AttentionWindow;
        _queryKeyValue = new PackedLinear(weights, $"{name}.query_key_value", ..);
        _output = new PackedLinear(weights, $"{name}.output", ..);
    }

    /// <summary>Of the weights.</summary>
    public long Bytes => _queryKeyValue.Matrix.Bytes + _output.Matrix.Bytes;

    /// <summary>Adds to the residual stream what all positions of some sequences attend to.</summary>
    /// <param name="stream">(positions, D) one sequence behind the other.</param>
    /// <param name="x">(positions, D) what the block reads; may be the stream.</param>
    /// <param name="lengths">Of each sequence.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddTo(float* stream, float* x, ReadOnlySpan<int> lengths, Arena scratch)
    {
        var mark = scratch.Mark();
        int positions = 0, longest = 0;
        foreach (int length in lengths)
            (positions, longest) = (positions + length, Math.Max(longest, length));
        int width = _queryKeyValue.Width;
        float* projected = scratch.Take(positions * width);
        _queryKeyValue.Apply(x, positions, projected, Epilogue.Store, scratch);
        float* result = _shape.Results(positions, scratch);
        float* scores = scratch.Take(_kernel.ScoresFor(longest));
        var rows = (float**)scratch.Take<nint>(longest);
        int first = 0;
        foreach (int length in lengths)
        {
            for (int t = 0; t < length; t++)
            {
                rows[t] = projected + (nint)(first + t) * width;
                Rotate(rows[t], t);
            }
            if (length >= LeastInBlocks)
                AttendInBlocks(rows[0], length, result + (nint)first * _output.Width, scratch.Team);
            else
                AttendOneByOne(rows, length, result + (nint)first * _output.Width, scores);
            first += length;
        }
        _output.Apply(result, positions, stream, Epilogue.Add, scratch);
        scratch.Release(mark);
    }

    /// <summary>Adds to the residual stream what the next position of some hypotheses attends to: itself and all
    /// before.</summary>
    /// <param name="stream">(R, D)</param>
    /// <param name="x">(R, D) what the block reads; may be the stream.</param>
    /// <param name="hypotheses">Their paths already lead to the position, where this layer's keys and values are written.</param>
    /// <param name="layer">Which layer this is.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddNext(float* stream, float* x, PackedRows hypotheses, int layer, Arena scratch)
    {
        var mark = scratch.Mark();
        int rows = hypotheses.Count, position = hypotheses.Position, width = _queryKeyValue.Width;
        int from = _window is { } window ? Math.Max(0, position - window) : 0;
        float* projected = scratch.Take(rows * width);
        _queryKeyValue.Apply(x, rows, projected, Epilogue.Store, scratch);
        float* result = _shape.Results(rows, scratch);
        float* scores = scratch.Take(_kernel.ScoresFor(position + 1));
        nint offset = (nint)layer * hypotheses.LayerWidth;
        for (int row = 0; row < rows; row++)
        {
            float* query = projected + (nint)row * width;
            Rotate(query, position);
            var path = hypotheses.Path(row);
            new Span<float>(query + _shape.Queries, 2 * _shape.Keys).CopyTo(new Span<float>(path[position] + offset, 2 * _shape.Keys));
            Attend(query, path + from, position + 1 - from, position, from, position + 1, offset, result + (nint)row * _output.Width, scores);
        }
        _output.Apply(result, rows, stream, Epilogue.Add, scratch);
        scratch.Release(mark);
    }

    /// <summary>Queries and keys stand side by side.</summary>
    private void Rotate(float* projected, int position) => _positions.Rotate(projected, _shape.Heads + _shape.Groups, position);

    /// <summary>The results of a whole sequence.</summary>
    /// <param name="rows">(length) where the numbers of its positions begin.</param>
    /// <param name="result">(length, …)</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AttendOneByOne(float** rows, int length, float* result, float* scores)
    {
        for (int t = 0; t < length; t++)
        {
            int from = _window is { } window ? Math.Max(0, t - window) : 0;
            int to = _window is { } after ? (int)Math.Min(length, (long)t + after + 1) : length;
            Attend(rows[t], rows + from, to - from, t, from, length, _shape.Queries, result + (nint)t * _output.Width, scores);
        }
    }

    /// <summary>The same, some queries at a time. Each head is one thread's: the sums do not depend on how many there are.</summary>
    /// <param name="projected">(length, …) turned queries and keys, and values.</param>
    /// <param name="result">(length, …)</param>
    private void AttendInBlocks(float* projected, int length, float* result, Team team)
    {
        object? keeper = _positions.Bias(0, 0, length, out float* bias, out int stride);
        var (rows, results, distances, dimension) = ((nint)projected, (nint)result, (nint)bias, _shape.Dimension);
        var reach = new TokenBias(new AttentionReach(_window, IsCausal: false));
        team.Share(_shape.Groups, group =>
        {
            using var attention = new HeadAttention(dimension, length, reach, dropout: null, isBackward: false);
            HeadRows Projected(int column) => new(rows + column * sizeof(float), _queryKeyValue.Width, length);
            attention.Begin<Float32Numbers>(
                Projected(_shape.Queries + group * dimension), Projected(_shape.Queries + _shape.Keys + group * dimension));
            int heads = _shape.Heads / _shape.Groups;
            for (int head = group * heads; head < (group + 1) * heads; head++)
                attention.Forward<Float32Numbers>(Projected(head * dimension),
                    new HeadRows(results + head * dimension * sizeof(float), _output.Width, length), seed: 0,
                    new HeadDistances(distances == 0 ? 0 : distances + head * stride * sizeof(float), 0));
        });
        GC.KeepAlive(keeper);
    }

    /// <param name="rows">The positions that are attended to, from <paramref name="key"/> on.</param>
    /// <param name="query">Position of the query.</param>
    /// <param name="length">No position is as large.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(float* x, float** rows, int count, int query, int key, int length, nint offset, float* result, float* scores)
    {
        object? keeper = _positions.Bias(query, key, length, out float* bias, out int stride);
        _kernel.Attend(x, new Attended(rows, count, offset, offset + _shape.Keys, bias, stride), result, scores, null);
        GC.KeepAlive(keeper);
    }
}

/// <summary>Attention of hypotheses to their sources: <see cref="MultiHeadAttention"/> at prediction.</summary>
internal sealed unsafe class PackedCrossAttention
{
    private readonly AttentionShape _shape;
    private readonly AttentionKernel _kernel;
    private readonly PackedLinear _query;
    private readonly PackedLinear _memory;
    private readonly PackedLinear _output;

    /// <param name="name">Of the layer.</param>
    public PackedCrossAttention(IPackedWeights weights, string name, TransformerArchitecture architecture)
    {
        _shape = AttentionShape.Of(architecture);
        _kernel = _shape.Kernel;
        _query = new PackedLinear(weights, $"{name}.query_key_value", .._shape.Queries);
        _memory = new PackedLinear(weights, $"{name}.query_key_value", _shape.Queries..);
        _output = new PackedLinear(weights, $"{name}.output", ..);
    }

    /// <summary>Of the weights that a step reads.</summary>
    public long Bytes => _query.Matrix.Bytes + _output.Matrix.Bytes;

    /// <summary>Elements of the keys and values of one source position.</summary>
    public int MemoryWidth => _memory.Width;

    /// <summary>Keys and values of sources: (positions, D) → (positions, <see cref="MemoryWidth"/>).</summary>
    public void Read(float* encoded, int positions, float* memory, Arena scratch) =>
        _memory.Apply(encoded, positions, memory, Epilogue.Store, scratch);

    /// <summary>Adds to the residual stream what some hypotheses attend to in their sources.</summary>
    /// <param name="stream">(R, D)</param>
    /// <param name="x">(R, D) what the block reads; may be the stream.</param>
    /// <param name="hypotheses">Of these.</param>
    /// <param name="layer">Which layer this is.</param>
    /// <param name="shares">(R, longest source) to fill with the shares of attention that the state notes; null: nothing wants them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddTo(float* stream, float* x, PackedRows hypotheses, int layer, float* shares, Arena scratch)
    {
        var mark = scratch.Mark();
        int rows = hypotheses.Count;
        float* query = scratch.Take(rows * _query.Width);
        _query.Apply(x, rows, query, Epilogue.Store, scratch);
        float* result = _shape.Results(rows, scratch);
        float* scores = scratch.Take(_kernel.ScoresFor(hypotheses.LongestSource));
        nint offset = layer * hypotheses.MemoryLayer;
        for (int row = 0; row < rows; row++)
        {
            var source = hypotheses.SourceOf(row, out int length);
            _kernel.Attend(query + (nint)row * _query.Width, new Attended(source, length, offset, offset + _shape.Keys, null, 0),
                result + (nint)row * _output.Width, scores, shares == null ? null : shares + (nint)row * hypotheses.LongestSource, hypotheses.NotedHead);
        }
        _output.Apply(result, rows, stream, Epilogue.Add, scratch);
        scratch.Release(mark);
    }
}
